"""Servers for the tests of this folder and of those beside it."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.live.server import SANDBOX, Server, environment

TOKENS = count(1)

Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start("--scenario", "blank", SANDBOX_SEED="1")``: a server of the test's own, on a free port.

    ``command`` starts another one instead, which says nothing: it is found at ``address``. When the test is
    over, each is ended by its id, must end clean, and must have logged no defect (ours: nothing at all).
    """
    yield from starting(tmp_path)


def starting(folder: Path) -> Iterator[Start]:
    """What the fixture ``start`` does, for fixtures that live longer."""
    servers: list[Server] = []

    def started(
        *flags: str, command: list[str] | None = None, address: str = "", cwd: Path = folder, **variables: str
    ) -> Server:
        words = command or [*SANDBOX, "--port", "0", *flags]
        server = Server(words, environment(**variables), cwd, folder / f"server-{len(servers)}.log")
        servers.append(server)
        if address:
            server.await_health(address)
        else:
            server.read_banner()
        return server

    try:
        yield started
    finally:
        statuses = [server.end() for server in servers]
    assert statuses == [0] * len(servers), [server.log for server in servers]
    for server in servers:
        assert "Traceback" not in server.log
        assert "Warning" not in server.log
        assert server.log == "" or not server.is_ours


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave the server itself alone; each uses a token of its own."""
    for start in starting(tmp_path_factory.mktemp("server")):
        yield start()


@pytest.fixture
def token() -> str:
    """A token, and so a sandbox, of the test's own."""
    return f"live-{next(TOKENS)}"
