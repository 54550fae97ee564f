"""Bases: the tables that states share."""

import gc
from itertools import count
from typing import Any

import pytest

from sandbox.engines.file.bases import record_of
from sandbox.world.errors import NameTaken, SandboxReset, StorageFailed
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldName
from tests.engines.file.harness import Server, failing, table_of


def test_worlds_in_their_initial_state_share_one_base(server: Server) -> None:
    server.world("me")
    server.world("you")
    assert (server.count("bases"), server.count("base_rows"), server.count("states")) == (1, 2, 3)


def test_worlds_share_a_table_in_memory_after_a_restart(server: Server) -> None:
    server.world("me")
    server.world("you").create(1, "contact", None)
    server.restart()
    assert server.world("me").state.table is server.world("").state.table
    assert server.world("me").state.table is server.start.table


def test_changed_worlds_share_what_is_left_of_a_table_after_a_restart(server: Server) -> None:
    start = SandboxState(table_of(*(f"c{number}" for number in range(50))), seed=1)
    for key in ("me", "you"):
        server.world(key).load(1, start)
        server.world(key).create(2, "contact", None)
    server.restart()
    one, other = server.world("me").state.table, server.world("you").state.table
    assert all(one.get(f"c{number}") is other.get(f"c{number}") for number in range(50))


def test_equal_tables_have_one_base(server: Server) -> None:
    for key in ("me", "you"):
        server.world(key).load(1, SandboxState(table_of("c", "d"), seed=1))
    server.world("her").load(1, SandboxState(table_of("c", "d", "e").remove("e"), seed=1))
    assert (server.count("bases"), server.count("base_rows")) == (3, 7)
    server.restart()
    server.world("him").load(1, SandboxState(table_of("c", "d"), seed=1))
    assert server.count("bases") == 3
    assert server.world("him").size == 2


def test_a_base_goes_with_the_last_state_that_has_it(server: Server) -> None:
    world = server.world()
    world.load(1, SandboxState(table_of("c", "d", "e"), seed=1))
    assert (server.count("bases"), server.count("base_rows")) == (2, 5)
    snapshot = world.take_snapshot(2)
    world.reset(server.start)
    assert (server.count("bases"), server.count("base_rows")) == (2, 5)
    world.drop_snapshot(3, snapshot.id)
    assert (server.count("bases"), server.count("base_rows")) == (1, 2)


def test_deletions_are_a_part_of_a_base(server: Server) -> None:
    table = table_of("c", "d", "e").remove("d").remove("c")
    server.world().load(1, SandboxState(table, seed=1))
    server.restart()
    kept = server.world().state.table
    assert [each.conversation.id for each in kept] == ["e"]
    assert [place.id for place in kept.deletions()] == ["d", "c"]


def test_large_tables_are_written_and_deleted_with_pauses(server: Server) -> None:
    pauses: list[None] = []
    server.pause = lambda: pauses.append(None)
    server.restart()
    pauses.clear()
    world = server.world()
    world.load(1, SandboxState(table_of(*(f"c{number}" for number in range(2_000))), seed=1))
    assert len(pauses) >= 4
    pauses.clear()
    world.reset(server.start)
    assert len(pauses) >= 4
    assert server.count("base_rows") == 2


def test_a_base_that_is_in_use_again_while_another_is_deleted_stays(server: Server) -> None:
    """While a base is deleted, with pauses, others may need the same table."""
    world, other = server.world("me"), server.world("you")
    imported = SandboxState(table_of(*(f"c{number}" for number in range(1_000))), seed=1)
    world.load(1, imported)
    is_first = True

    def adopt() -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            other.load(1, imported)

    server.engine._pause = adopt  # noqa: SLF001  # no caller changes it
    assert server.engine._worlds is not None  # noqa: SLF001  # likewise
    server.engine._worlds.bases._pause = adopt  # noqa: SLF001  # likewise
    world.reset(server.start)
    server.restart()
    assert server.world("you").size == 1_000
    assert server.world("me").size == 2


def test_a_base_of_which_only_a_part_could_be_written_does_not_stay(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that tries an import again and again must not fill the disk with it."""
    assert server.engine._worlds is not None  # noqa: SLF001  # to fail in the middle
    database = server.engine._worlds.database  # noqa: SLF001  # likewise
    execute_all, calls = database.execute_all, count()

    def full_after_one(statement: str, rows: list[tuple[Any, ...]]) -> None:
        if next(calls):
            raise StorageFailed("database or disk is full")
        execute_all(statement, rows)

    monkeypatch.setattr(database, "execute_all", full_after_one)
    with pytest.raises(StorageFailed):
        server.world("").load(1, SandboxState(table_of(*(f"c{number}" for number in range(900))), seed=1))
    assert (server.count("bases"), server.count("base_rows")) == (1, 2)


def test_a_base_of_a_write_that_is_refused_does_not_stay(server: Server) -> None:
    """A client that declares a name again and again, each time with another seed, must not fill the disk."""
    fleet = server.fleet()
    fleet.declare(WorldName("me"), "token", server.start)
    with pytest.raises(NameTaken):
        fleet.declare(WorldName("me"), "other", SandboxState(table_of("c"), seed=1))
    with pytest.raises(SandboxReset):
        fleet.anonymous.world.load(9, SandboxState(table_of("d"), seed=1))
    assert (server.count("bases"), server.count("base_rows")) == (1, 2)


def test_a_base_that_cannot_be_deleted_is_deleted_at_the_next_start(server: Server) -> None:
    """The change that has made it unused is in the file, so the call must not fail."""
    assert server.engine._worlds is not None  # noqa: SLF001  # to drop a base while the file is broken
    bases = server.engine._worlds.bases  # noqa: SLF001  # likewise
    with bases.holding(table_of("c", "d")) as base:
        pass
    with failing(server):
        bases.drop_unused(base)
    assert server.count("bases") == 2
    server.restart()
    assert (server.count("bases"), server.count("base_rows")) == (1, 2)


def test_a_base_without_a_state_is_deleted_at_the_next_start(server: Server) -> None:
    assert server.engine._worlds is not None  # noqa: SLF001  # to write as a process that is killed then
    bases = server.engine._worlds.bases  # noqa: SLF001  # likewise
    with bases.holding(table_of("c", "d")):
        pass
    assert (server.count("bases"), server.count("base_rows")) == (2, 4)
    server.restart()
    assert (server.count("bases"), server.count("base_rows")) == (1, 2)


def test_tables_that_are_gone_from_memory_are_not_taken_for_others(server: Server) -> None:
    assert server.engine._worlds is not None  # noqa: SLF001  # to look into it
    bases = server.engine._worlds.bases  # noqa: SLF001  # likewise
    for number in range(20):
        with bases.holding(table_of(f"c{number}")) as base:
            assert [each.conversation.id for each in bases.load(base)] == [f"c{number}"]
    gc.collect()
    assert len(bases._ids) <= 2  # noqa: SLF001  # likewise


def test_records_are_read_as_they_were_written() -> None:
    (record,) = table_of("a")
    assert record_of(record.json) == record


def test_a_base_is_not_deleted_while_somebody_needs_it(server: Server) -> None:
    assert server.engine._worlds is not None  # noqa: SLF001  # to do what another thread would do meanwhile
    bases = server.engine._worlds.bases  # noqa: SLF001  # likewise
    with bases.holding(table_of("c", "d")) as base:
        bases.drop_unused(base)
        assert server.count("base_rows") == 4
    bases.drop_unused(base)
    assert server.count("base_rows") == 2
