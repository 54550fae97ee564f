"""The large parts of a whole world."""

from collections.abc import Callable

import pytest

from sandbox.world import release, world_parts
from sandbox.world.table import Table
from sandbox.world.world_parts import parts_of, release_later
from tests.world.harness import open_sandbox


def test_parts_of_a_world_are_those_of_its_state_and_of_its_snapshots() -> None:
    sandbox = open_sandbox()
    first = sandbox.state.table
    sandbox.take_snapshot(1)
    sandbox.delete(1, "a")
    assert [id(each) for each in parts_of(sandbox) if isinstance(each, Table)] == [
        id(sandbox.state.table),
        id(first),
    ]


def test_parts_of_a_forgotten_world_are_released_later(monkeypatch: pytest.MonkeyPatch) -> None:
    later: list[Callable[[], None]] = []
    paused: list[int] = []
    sandbox = open_sandbox()
    release_later(sandbox, later.append, lambda: paused.append(1))
    assert later == []
    monkeypatch.setattr(world_parts, "LARGE", 1)
    monkeypatch.setattr(release, "LARGE", 1)
    release_later(sandbox, later.append, lambda: paused.append(1))
    assert paused == []
    for work in later:
        work()
    assert len(later) == 1
    assert len(paused) > 0
