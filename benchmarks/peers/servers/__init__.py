"""The servers that are compared, one file each: its content, its command and its calls.

Each runs as its documentation advises for speed. Of several ways that it allows, the fastest is used.
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.peers.contender import Contender, Missing
from benchmarks.peers.content import Content
from benchmarks.peers.installed import NotInstalled
from benchmarks.peers.servers import (
    floor,
    json_server,
    mockoon,
    mockserver,
    msw,
    prism,
    protocol_sandbox,
    stripe_mock,
    wiremock,
)

TABLE: dict[str, Callable[[Content, Path], Contender]] = {
    protocol_sandbox.NAME: protocol_sandbox.contender,
    json_server.NAME: json_server.contender,
    prism.NAME: prism.contender,
    mockoon.NAME: mockoon.contender,
    wiremock.NAME: wiremock.contender,
    mockserver.NAME: mockserver.contender,
    msw.NAME: msw.contender,
    stripe_mock.NAME: stripe_mock.contender,
    floor.NAME: floor.contender,
}
"""All servers in the order of the report. Each function raises NotInstalled if its server cannot be run."""

OURS, FLOOR = protocol_sandbox.NAME, floor.NAME


def contenders(content: Content, installed: Path) -> list[Contender | Missing]:
    """Return all servers in the order of the report. ``installed`` is the folder that the peers are in."""
    return [_contender(name, content, installed) for name in TABLE]


def _contender(name: str, content: Content, installed: Path) -> Contender | Missing:
    try:
        return TABLE[name](content, installed)
    except NotInstalled as error:
        return Missing(name, str(error))
