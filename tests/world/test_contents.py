"""The contents of a world: what a state makes of them, and the state that they are."""

from dataclasses import replace

from sandbox.world.clock import ClockState
from sandbox.world.contents import Contents
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.pulse import Story
from sandbox.world.rules import RuleCounters
from sandbox.world.runtime import Runtime
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState
from tests.world.harness import BOUNDS, FakeClock, encode, record_of, table_of, unbound

CLOCK = FakeClock()


def contents_of(state: SandboxState, generation: int = 1) -> Contents:
    return Contents(state, Runtime(CLOCK, encode, BOUNDS), "key", generation)


def full_state() -> SandboxState:
    table = table_of("a", "b")
    rule = unbound().bind("rule-1", 5.0)
    answer = StoredAnswer("k", table.get("a"), 6.0)
    return SandboxState(
        table,
        seed=7,
        pinned_ids=("x", "y"),
        frozen_at=None,
        id_index=1,
        clock_offset=3.5,
        rules=(rule,),
        counters=(RuleCounters(rule, 2, 1),),
        idempotency_keys=IdempotencyKeys.of([answer]),
        story=Story(1, 2),
    )


def test_contents_are_the_state_in_which_they_begin() -> None:
    state = full_state()
    found = contents_of(state).state()
    assert found.table is state.table
    assert [(rule.id, rule.since, rule.effect) for rule in found.rules] == [
        (rule.id, rule.since, rule.effect) for rule in state.rules
    ]
    assert [(each.matched, each.fired) for each in found.counters] == [(2, 1)]
    assert found == replace(state, rules=found.rules, counters=found.counters)


def test_contents_have_lives_of_rules_of_their_own() -> None:
    state = full_state()
    first, second = contents_of(state), contents_of(state)
    first.book.install(())
    assert state.rules[0].life is not second.book.rules[0].life
    assert not second.book.rules[0].life.has_ended


def test_a_new_generation_keeps_the_snapshots_alone() -> None:
    contents = contents_of(full_state(), generation=3)
    contents.fill({"k": CLOCK.now + 5}, [Snapshot("snapshot-2", 5.0, full_state())], 2)
    assert contents.is_held("k")
    other = SandboxState(table_of("c"), seed=8, frozen_at=9.0)
    contents.begin_generation(other)
    assert contents.generation == 4
    assert contents.state() == other
    assert not contents.is_held("k")
    assert [each.id for each in contents.snapshots] == ["snapshot-2"]
    assert contents.snapshots.next(1.0, other).id == "snapshot-3"


def test_a_frozen_clock_stays_frozen() -> None:
    contents = contents_of(SandboxState(table_of("a"), seed=1, frozen_at=9.0))
    assert contents.clock.state == ClockState(9.0, 0.0)
    contents.clock.set(ClockState(None, -1.0))
    assert contents.clock.time() == CLOCK.now - 1
    assert contents.state().clock_offset == -1.0


def test_a_key_is_held_until_its_time() -> None:
    contents = contents_of(full_state())
    contents.fill({"a": CLOCK.now + 1, "b": CLOCK.now}, [], 0)
    assert [contents.is_held(key) for key in ("a", "b", "c")] == [True, False, False]


def test_a_state_does_not_change_with_the_contents() -> None:
    contents = contents_of(full_state())
    before = contents.state()
    contents.store.put(record_of(replace(before.table.get("a").conversation, is_muted=True)))
    assert not before.table.get("a").conversation.is_muted
    assert contents.state().table.get("a").conversation.is_muted
