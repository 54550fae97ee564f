"""A world in a file: each kind of change outlasts the process, and is not made if it cannot be written."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from sandbox.engines.file.world import KeptSandbox
from sandbox.faults.rule_state import exported_rules
from sandbox.world.errors import (
    KeyInUse,
    SandboxReset,
    StorageFailed,
    StoreFull,
    UnknownConversation,
    UnknownSnapshot,
)
from sandbox.world.state import SandboxState
from tests.applications import picture_of_state
from tests.engines.file.harness import Server, failing, failing_in_the_end, rule, table_of
from tests.world.harness import FakeRequest

Write = Callable[[KeptSandbox], object]
Fail = Callable[[Server], AbstractContextManager[None]]

WRITES: dict[str, Write] = {
    "create": lambda world: world.create(1, "contact", None),
    "create once": lambda world: world.create_once(1, "key", "contact", None),
    "create once with an expired key": lambda world: world.create_once(1, "expired", "contact", None),
    "update": lambda world: world.update(1, "a", {"is_muted": True}),
    "put a new one": lambda world: world.put(1, "c", {"group_id": "group", "created_at": 5}),
    "put an old one": lambda world: world.put(1, "a", {"created_at": 5}),
    "delete": lambda world: world.delete(1, "a"),
    "freeze the clock": lambda world: world.freeze_clock(1, 5.0),
    "advance the clock": lambda world: world.advance_clock(1, 5.0),
    "add a rule": lambda world: world.add_rule(1, rule(name="new")),
    "replace the rules": lambda world: world.replace_rules(1, [rule(name="new"), rule()]),
    "change a rule": lambda world: world.change_rule(1, "rule-1", rule(name="new")),
    "switch a rule": lambda world: world.switch_rule(1, "rule-1", enabled=False),
    "order the rules": lambda world: world.order_rules(1, ["rule-2", "rule-1"]),
    "remove a rule": lambda world: world.remove_rule(1, "rule-1"),
    "fire": lambda world: world.fire(1, FakeRequest(), ()),
    "reset": lambda world: world.reset(SandboxState(table_of("c"), seed=8, pinned_ids=("p",), frozen_at=5.0)),
    "load": lambda world: world.load(1, SandboxState(table_of("c"), seed=8, id_index=3, clock_offset=5.0)),
    "reset to a table of the file": lambda world: world.reset(world.snapshots[0].state),
    "load a table of the file": lambda world: world.load(1, world.snapshots[0].state),
    "restore": lambda world: world.restore("snapshot-1"),
}
"""One of each write that changes the state of a world like that of the fixture."""


@pytest.fixture
def world(server: Server) -> KeptSandbox:
    """Return a world with two rules, a snapshot, a conversation that was changed after it, and two expired keys."""
    world = server.world()
    world.take_snapshot(1)
    world.add_rule(1, rule(times=3))
    world.add_rule(1, rule(fault={"type": "rate_limit", "limit": 5, "window_seconds": 60}, ttl_seconds=60))
    world.fire(1, FakeRequest(), ())
    world.update(1, "b", {"is_pinned": True})
    world.create_once(1, "older", "contact", None)
    world.create_once(1, "expired", "contact", None)
    server.clock.now += 86_400
    return world


@pytest.mark.parametrize("name", WRITES)
def test_a_write_outlasts_the_process(server: Server, world: KeptSandbox, name: str) -> None:
    before = picture_of_state(world.state)
    WRITES[name](world)
    after = picture_of_state(world.state)
    assert before != after
    server.restart()
    assert picture_of_state(server.world().state) == after


@pytest.mark.parametrize("fail", [failing, failing_in_the_end])
@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_cannot_be_stored_is_not_made(
    server: Server, world: KeptSandbox, name: str, fail: Fail
) -> None:
    before = picture_of_state(world.state)
    with fail(server), pytest.raises(StorageFailed):
        WRITES[name](world)
    assert picture_of_state(world.state) == before
    assert world.generation == 1
    WRITES[name](world)
    after = picture_of_state(world.state)
    assert before != after
    server.restart()
    assert picture_of_state(server.world().state) == after


def test_a_resumed_clock_outlasts_the_process(server: Server) -> None:
    server.world().freeze_clock(1, 5.0)
    server.clock.now += 60
    server.world().resume_clock(1)
    server.restart()
    server.clock.now += 7
    assert server.world().time() == 12.0


def test_a_conversation_that_was_created_and_deleted_still_works_as_a_cursor(server: Server) -> None:
    world = server.world()
    created = world.create(1, "contact", None).conversation
    world.delete(1, "a")
    world.delete(1, created.id)
    places = list(world.state.table.deletions())
    server.restart()
    assert list(server.world().state.table.deletions()) == places
    assert [place.id for place in places] == ["a", created.id]


def test_a_deleted_conversation_can_come_back(server: Server) -> None:
    server.world().delete(1, "a")
    server.restart()
    server.world().put(1, "a", {"contact_id": "other"})
    server.restart()
    assert server.world().get("a").conversation.contact_id == "other"
    assert list(server.world().state.table.deletions()) == []


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (lambda world: world.create(9, "contact", None), SandboxReset),
        (lambda world: world.create(1, "contact", None), StoreFull),
        (lambda world: world.delete(1, "nobody"), UnknownConversation),
        (lambda world: world.update(1, "nobody", {}), UnknownConversation),
        (lambda world: world.load(9, SandboxState(table_of("c"), seed=8)), SandboxReset),
        (lambda world: world.restore("snapshot-9"), UnknownSnapshot),
        (lambda world: world.drop_snapshot(1, "snapshot-9"), UnknownSnapshot),
        (lambda world: world.drop_snapshot(9, "snapshot-1"), SandboxReset),
        (lambda world: world.clear_journal(9), SandboxReset),
    ],
)
def test_a_write_that_is_refused_changes_nothing(
    server: Server, write: Write, error: type[Exception]
) -> None:
    world = server.world()
    world.take_snapshot(1)
    for _ in range(98):
        world.create(1, "contact", None)
    before = picture_of_state(world.state)
    with pytest.raises(error):
        write(world)
    assert picture_of_state(world.state) == before
    server.restart()
    assert picture_of_state(server.world().state) == before
    assert len(server.world().snapshots) == 1


@pytest.mark.parametrize("fail", [failing, failing_in_the_end])
def test_a_snapshot_that_cannot_be_stored_is_not_taken(
    server: Server, world: KeptSandbox, fail: Fail
) -> None:
    with fail(server), pytest.raises(StorageFailed):
        world.take_snapshot(1)
    assert [each.id for each in world.snapshots] == ["snapshot-1"]
    with fail(server), pytest.raises(StorageFailed):
        world.drop_snapshot(1, "snapshot-1")
    assert [each.id for each in world.snapshots] == ["snapshot-1"]


def test_a_snapshot_is_of_its_moment(server: Server, world: KeptSandbox) -> None:
    snapshot = world.take_snapshot(1)
    expected = picture_of_state(world.state)
    world.delete(1, "a")
    world.fire(1, FakeRequest(), ())
    server.restart()
    server.world().restore(snapshot.id)
    assert picture_of_state(server.world().state) == expected
    server.restart()
    assert picture_of_state(server.world().state) == expected


def test_a_repeated_create_is_answered_after_a_restart(server: Server) -> None:
    record, _ = server.world().create_once(1, "key", "contact", None)
    server.world().delete(1, record.conversation.id)
    server.restart()
    assert server.world().create_once(1, "key", "contact", None) == (record, True)
    assert server.world().size == 2


def test_a_held_key_is_held_when_a_write_cannot_be_stored(server: Server) -> None:
    world = server.world()
    world.hold_key(1, "key", 5.0)
    with failing(server), pytest.raises(StorageFailed):
        world.create(1, "contact", None)
    with pytest.raises(KeyInUse):
        world.create_once(1, "key", "contact", None)


# The end


@pytest.mark.parametrize(
    "write", [lambda world: world.reset(world.state), lambda world: world.restore("snapshot-1")]
)
def test_a_world_that_was_dropped_can_be_reset_by_a_call_in_flight(
    server: Server, world: KeptSandbox, write: Write
) -> None:
    world.end()
    write(world)
    server.restart()
    assert list(server.kept) == [""]


def test_a_fork_is_not_stored(server: Server, world: KeptSandbox) -> None:
    before = exported_rules(world.state), world.size
    fork = world.fork()
    fork.create(1, "contact", None)
    fork.fire(1, FakeRequest(), ())
    server.restart()
    assert (exported_rules(server.world().state), server.world().size) == before
