"""A world with a pulse in a file: the story goes on after a restart as if there had been none."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.engines.file.pulsing_world import KeptPulsingSandbox
from sandbox.world.errors import StorageFailed
from sandbox.world.state import SandboxState
from tests.applications import picture_of_state
from tests.engines.file.harness import Server, failing, table_of

HOUR = 3600
NAMES = [f"id-{number}" for number in range(8)]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    opened: list[Server] = []

    def open_server() -> Server:
        start = SandboxState(table_of(*NAMES), seed=7)
        server = Server(tmp_path / f"{len(opened)}.db", start=start, has_pulse=True)
        opened.append(server)
        return server

    yield open_server
    for server in opened:
        server.engine.close()


WRITES: dict[int, Callable[[KeptPulsingSandbox], object]] = {
    1: lambda world: world.update(world.generation, NAMES[1], {"is_muted": True, "archived_at": None}),
    3: lambda world: world.create(world.generation, "contact", None),
    6: lambda world: world.update(world.generation, NAMES[6], {"is_pinned": True}),
    7: lambda world: world.delete(world.generation, NAMES[3]),
    9: lambda world: world.take_snapshot(world.generation),
    12: lambda world: world.reset(SandboxState(table_of(*NAMES[2:]), seed=8)),
    15: lambda world: world.freeze_clock(world.generation, 60_000.0),
    17: lambda world: world.resume_clock(world.generation),
    20: lambda world: world.restore("snapshot-1"),
    22: lambda world: world.load(world.generation, SandboxState(table_of(*NAMES), seed=9, clock_offset=5.0)),
}
"""The writes of a day, by the hour."""


def tell(server: Server, *, restarts: bool) -> list[dict[str, Any]]:
    """Let a day pass, and restart the server every hour, or not. Return what was seen every hour."""
    seen = []
    for hour in range(24):
        server.clock.now += HOUR
        world = server.world()
        assert isinstance(world, KeptPulsingSandbox)
        if hour in WRITES:
            WRITES[hour](world)
        seen.append(picture_of_state(world.state))
        if restarts:
            server.restart()
    return seen


def test_restarts_do_not_change_the_story(servers: Callable[[], Server]) -> None:
    assert tell(servers(), restarts=True) == tell(servers(), restarts=False)


def test_conversations_live_on_while_the_server_is_down(servers: Callable[[], Server]) -> None:
    server = servers()
    before = list(server.world().state.table)
    server.engine.close()
    server.clock.now += HOUR
    server.restart()
    assert list(server.world().state.table) != before


def test_events_that_cannot_be_stored_have_not_happened(servers: Callable[[], Server]) -> None:
    server = servers()
    world = server.world()
    before = picture_of_state(world.state)
    server.clock.now += HOUR
    with failing(server), pytest.raises(StorageFailed):
        world.get(NAMES[0])
    assert picture_of_state(world._contents.state()) == before  # noqa: SLF001  # to look without living on
    after = picture_of_state(world.state)
    assert after != before
    server.restart()
    assert picture_of_state(server.world().state) == after


def test_a_call_that_outlasts_its_world_writes_nothing(servers: Callable[[], Server]) -> None:
    server = servers()
    world = server.world()
    world.end()
    server.clock.now += HOUR
    assert world.get(NAMES[0]).conversation.id == NAMES[0]
    assert server.count("changes") == 0
