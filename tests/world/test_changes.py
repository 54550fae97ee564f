"""Changes: what each of them does to the contents of a world, and that all are what a sandbox decides on."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.world import changes
from sandbox.world.changes import Change
from sandbox.world.clock import ClockState
from sandbox.world.contents import Contents
from sandbox.world.errors import UnknownConversation, UnknownSnapshot
from sandbox.world.idempotency import LIFETIME_SECONDS, IdempotencyKeys, StoredAnswer
from sandbox.world.pulse import Story
from sandbox.world.rules import RuleCounters
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from tests.world.harness import BOUNDS, FakeClock, FakeRequest, encode, record_of, table_of, unbound

NOTHING = SandboxState(table_of("a", "b"), seed=7)


@pytest.fixture
def contents() -> Contents:
    return Contents(NOTHING, Runtime(FakeClock(), encode, BOUNDS), "key", 1)


def new_record(conversation_id: str, **attributes: Any) -> Any:
    conversation = NOTHING.table.get("a").conversation
    return record_of(replace(conversation, id=conversation_id, **attributes))


def test_a_create_hands_out_ids_and_keeps_its_answer(contents: Contents) -> None:
    record = new_record("c")
    changes.Created(record, 4, StoredAnswer("k", record, 5.0)).apply(contents)
    assert contents.store.table.get("c") is record
    assert contents.ids.index == 4
    answer = contents.idempotency_keys.get("k")
    assert answer is not None
    assert answer.record is record


def test_a_create_forgets_answers_that_are_expired(contents: Contents) -> None:
    record = new_record("c")
    contents.idempotency_keys = IdempotencyKeys.of([StoredAnswer("old", record, 5.0)])
    changes.Created(record, 1, StoredAnswer("new", record, 5.0 + LIFETIME_SECONDS)).apply(contents)
    assert [answer.key for answer in contents.idempotency_keys] == ["new"]


def test_conversations_are_written_and_deleted(contents: Contents) -> None:
    changes.Written(new_record("a", is_muted=True)).apply(contents)
    assert contents.store.table.get("a").conversation.is_muted
    changes.Deleted(contents.store.table.get("a")).apply(contents)
    with pytest.raises(UnknownConversation):
        contents.store.table.get("a")
    assert contents.ids.index == 0


def test_events_move_the_story_on(contents: Contents) -> None:
    changes.Lived((new_record("a", last_active_at=9), new_record("b", last_active_at=8)), Story(1, 9)).apply(
        contents
    )
    assert contents.story == Story(1, 9)
    assert contents.store.table.get("b").conversation.last_active_at == 8


def test_keys_are_held_and_released(contents: Contents) -> None:
    now = FakeClock().now
    changes.KeyHeld("k", now, now + 5).apply(contents)
    changes.KeyHeld("l", now, now + 9).apply(contents)
    assert contents.is_held("k")
    changes.KeyReleased("k").apply(contents)
    changes.KeyReleased("nothing").apply(contents)
    assert not contents.is_held("k")
    assert contents.is_held("l")


def test_keys_that_nobody_has_released_are_forgotten_in_the_end(contents: Contents) -> None:
    changes.KeyHeld("dead", 1.0, 5.0).apply(contents)
    changes.KeyHeld("k", 4.0, 9.0).apply(contents)
    assert sorted(contents.held_keys) == ["dead", "k"]
    changes.KeyHeld("l", 5.0, 9.0).apply(contents)
    assert sorted(contents.held_keys) == ["k", "l"]


def test_the_clock_is_set(contents: Contents) -> None:
    changes.ClockSet(ClockState(5.0, 0.0)).apply(contents)
    assert contents.clock.state == ClockState(5.0, 0.0)


def test_rules_are_set_and_counted(contents: Contents) -> None:
    first, second = unbound().bind("rule-1", 1.0), unbound().bind("rule-2", 1.0)
    changes.RulesSet((first, second)).apply(contents)
    changes.CallCounted((RuleCounters(first, 3, 2), RuleCounters(second, 1, 1))).apply(contents)
    changes.RulesSet((second,)).apply(contents)
    assert first.life.has_ended
    assert not second.life.has_ended
    assert contents.book.counted == (RuleCounters(second, 1, 1),)


@pytest.mark.parametrize("clears_journal", [False, True])
def test_a_generation_begins(contents: Contents, clears_journal: bool) -> None:
    state = SandboxState(table_of("c"), seed=9)
    changes.GenerationBegun(state, clears_journal).apply(contents)
    assert contents.generation == 2
    assert contents.state() == state


def test_snapshots_are_taken_restored_and_dropped(contents: Contents) -> None:
    changes.SnapshotTaken(5.0).apply(contents)
    changes.Deleted(contents.store.table.get("a")).apply(contents)
    changes.SnapshotRestored("snapshot-1").apply(contents)
    assert contents.generation == 2
    assert contents.store.table.get("a")
    (snapshot,) = contents.snapshots
    assert snapshot.at == 5.0
    changes.SnapshotDropped("snapshot-1").apply(contents)
    with pytest.raises(UnknownSnapshot):
        contents.snapshots.get("snapshot-1")
    changes.SnapshotTaken(6.0).apply(contents)
    assert [each.id for each in contents.snapshots] == ["snapshot-2"]


class Recorder(Sandbox):
    """A sandbox that writes down its changes."""

    made: list[Change]

    def _apply(self, change: Change) -> None:
        self.made.append(change)
        super()._apply(change)


def test_the_same_changes_make_the_same_contents() -> None:
    runtime = Runtime(FakeClock(), encode, BOUNDS)
    sandbox = Recorder(NOTHING, runtime, "key")
    sandbox.made = []
    sandbox.create_once(1, "k", "contact", None)
    sandbox.update(1, "a", {"is_muted": True})
    sandbox.delete(1, "b")
    sandbox.hold_key(1, "l", 5.0)
    sandbox.release_key(1, "l")
    sandbox.freeze_clock(1, 9)
    sandbox.add_rule(1, unbound())
    sandbox.fire(1, FakeRequest(), ())
    sandbox.take_snapshot(1)
    sandbox.create(1, "contact", None)
    sandbox.restore("snapshot-1")
    sandbox.drop_snapshot(2, "snapshot-1")
    sandbox.load(2, sandbox.state)
    other = Contents(NOTHING, runtime, "key", 1)
    for change in sandbox.made:
        change.apply(other)
    assert other.state() == sandbox.state
    assert other.generation == sandbox.generation == 3
    kinds = {type(change) for change in sandbox.made}
    named = {each for each in vars(changes).values() if isinstance(each, type) and hasattr(each, "apply")}
    assert named - kinds == {changes.Change, changes.Lived}
