"""The sandbox: its parts together, its state as a value, and its generations."""

from collections.abc import Callable
from dataclasses import replace
from itertools import compress
from typing import Any

import pytest

from sandbox.world.clock import ClockState
from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import (
    KeyInUse,
    KeyReused,
    KeysFull,
    MissingParticipant,
    RulesFull,
    SandboxReset,
    SnapshotsFull,
    StoreFull,
    UnknownConversation,
    UnknownCursor,
    UnknownRule,
    UnknownSnapshot,
    WrongOrder,
)
from sandbox.world.journal import Entry, Headers, Key
from sandbox.world.paging import Filter, Query
from sandbox.world.rules import Rule, RuleCounters
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from tests.sandboxes import SANDBOXES
from tests.world.harness import (
    BOUNDS,
    FakeClock,
    FakeRequest,
    FakeWait,
    encode,
    ids_of,
    open_sandbox,
    table_of,
    unbound,
    woken_calls,
)

CALL = Entry(
    id="call-1",
    at=5.0,
    method="POST",
    path="/v1/conversations",
    query="",
    headers=Headers.of(()),
    body="",
    operation="createConversation",
    status=201,
    duration_ms=1.0,
)


SERVER_RULE = unbound().bind("server-rule-1", None)


def fire(sandbox: Sandbox, *server_rules: Rule, generation: int = 1) -> str | None:
    """Return the id of the rule that fires for a request, if one does."""
    match = sandbox.fire(generation, FakeRequest(), server_rules).match
    return None if match is None else match.rule.id


def journal_ids(sandbox: Sandbox) -> list[str]:
    return [entry.id for entry in sandbox.entries(Key(), 100)]


# Conversations


def test_sandbox_starts_with_the_conversations_of_its_state() -> None:
    sandbox = open_sandbox()
    assert ids_of(sandbox) == ["a", "b"]
    assert sandbox.size == 2
    assert sandbox.generation == 1
    assert sandbox.get("a").conversation == Conversation.begin("a", "contact", None, 1)


def test_create_uses_the_time_of_the_sandbox_and_encodes_the_conversation() -> None:
    created = open_sandbox(now=FakeClock(1000.9)).create(1, "c1", "g1")
    assert created.conversation == Conversation.begin(created.conversation.id, "c1", "g1", 1000)
    assert created.json == encode(created.conversation)


def test_documented_create_example_follows_from_a_frozen_clock_and_a_pinned_id() -> None:
    start = SandboxState(Table(), seed=7, pinned_ids=("xgQQXg3hrtjh7AvZ",), frozen_at=692233200)
    created = open_sandbox(start).create(1, "WAz8eIbvDR60rouK", None).conversation
    assert created == Conversation.begin("xgQQXg3hrtjh7AvZ", "WAz8eIbvDR60rouK", None, 692233200)


def test_pinned_id_of_an_existing_conversation_is_skipped() -> None:
    sandbox = open_sandbox(SandboxState(table_of("a"), seed=7, pinned_ids=("a", "b")))
    assert sandbox.create(1, "c1", None).conversation.id == "b"


def test_id_of_a_deleted_conversation_is_not_reused() -> None:
    sandbox = open_sandbox(SandboxState(table_of("a"), seed=7, pinned_ids=("a", "b")))
    sandbox.delete(1, "a")
    assert sandbox.create(1, "c1", None).conversation.id == "b"


def test_update_changes_only_named_attributes() -> None:
    sandbox = open_sandbox()
    before = sandbox.get("a").conversation
    changed = sandbox.update(1, "a", {"is_muted": True, "pinned_message_id": "m1"})
    assert changed.conversation == replace(before, is_muted=True, pinned_message_id="m1")
    assert sandbox.get("a") is changed
    assert sandbox.get("b").conversation == Conversation.begin("b", "contact", None, 1)


def test_put_creates_a_conversation_at_the_time_of_the_sandbox() -> None:
    sandbox = open_sandbox()
    record, is_new = sandbox.put(1, "c", {"group_id": "g1", "is_pinned": True})
    assert is_new
    assert record.conversation == replace(Conversation.begin("c", None, "g1", 1000), is_pinned=True)
    assert sandbox.get("c") is record


def test_put_changes_only_named_attributes_of_an_existing_conversation() -> None:
    sandbox = open_sandbox()
    before = sandbox.get("a").conversation
    record, is_new = sandbox.put(1, "a", {"last_active_at": 9})
    assert not is_new
    assert record.conversation == replace(before, last_active_at=9)
    assert record.json == encode(record.conversation)


def test_deleted_conversation_is_unknown_and_still_works_as_a_cursor() -> None:
    sandbox = open_sandbox()
    sandbox.delete(1, "a")
    for call in (
        sandbox.get,
        lambda name: sandbox.delete(1, name),
        lambda name: sandbox.update(1, name, {"is_muted": True}),
    ):
        with pytest.raises(UnknownConversation):
            call("a")
    assert ids_of(sandbox) == ["b"]
    assert [shown.conversation.id for shown in sandbox.page(Query(5, starting_after="a")).records] == ["b"]


def test_unknown_cursor_is_refused() -> None:
    with pytest.raises(UnknownCursor):
        open_sandbox().page(Query(5, Filter(), starting_after="c"))


def test_refused_create_uses_no_id() -> None:
    sandbox = open_sandbox(conversations=2)
    with pytest.raises(StoreFull):
        sandbox.create(1, "c1", None)
    sandbox.delete(1, "a")
    with pytest.raises(MissingParticipant):
        sandbox.create(1, None, None)
    expected = open_sandbox().create(1, "c1", None)
    assert sandbox.create(1, "c1", None).conversation.id == expected.conversation.id


# State


def test_sandboxes_of_the_same_state_are_equal_and_independent() -> None:
    start = SandboxState(table_of("a", "b"), seed=7)
    one, other = open_sandbox(start), open_sandbox(start)
    assert one.create(1, "c1", None) == other.create(1, "c1", None)
    one.delete(1, "a")
    one.update(1, "b", {"is_muted": True})
    one.freeze_clock(1, 5)
    one.take_snapshot(1)
    assert other.get("a").conversation.id == "a"
    assert not other.get("b").conversation.is_muted
    assert other.time() == 1000.5
    assert not other.snapshots
    assert "a" in start.table


def test_sandbox_made_from_the_state_of_another_continues_like_it() -> None:
    now = FakeClock()
    sandbox = open_sandbox(SandboxState(table_of("a"), seed=7, pinned_ids=("p1", "p2")), now)
    sandbox.create(1, "c1", None)
    sandbox.advance_clock(1, 50)
    sandbox.add_rule(1, unbound(times=1))
    again = open_sandbox(sandbox.state, now)
    assert ids_of(again) == ids_of(sandbox)
    assert again.time() == 1050.5
    assert again.rules == sandbox.rules
    assert again.state == sandbox.state
    expected = [sandbox.create(1, "c1", None) for _ in range(3)]
    assert [again.create(1, "c1", None) for _ in range(3)] == expected


def test_state_of_a_frozen_sandbox_is_frozen() -> None:
    sandbox = open_sandbox()
    sandbox.freeze_clock(1, 5)
    assert sandbox.state.frozen_at == 5
    assert open_sandbox(sandbox.state).time() == 5


def test_state_does_not_change_with_its_sandbox() -> None:
    sandbox = open_sandbox()
    state = sandbox.state
    sandbox.create(1, "c1", None)
    sandbox.delete(1, "a")
    sandbox.freeze_clock(1, 5)
    sandbox.add_rule(1, unbound())
    assert [each.conversation.id for each in state.table] == ["a", "b"]
    assert (state.id_index, state.frozen_at, state.rules) == (0, None, ())


def test_state_before_the_first_write_is_the_initial_state_and_shares_its_table() -> None:
    start = SandboxState(table_of("a", "b"), seed=7, pinned_ids=("p",), id_index=1, clock_offset=9)
    sandbox = open_sandbox(start)
    assert sandbox.state == start
    assert sandbox.state.table is start.table


# Idempotency keys


def once(
    sandbox: Sandbox, key: str, contact_id: str | None = "c1", generation: int = 1
) -> tuple[Record, bool]:
    return sandbox.create_once(generation, key, contact_id, None)


def test_create_with_a_key_is_made_once() -> None:
    sandbox = open_sandbox()
    created, is_replay = once(sandbox, "key")
    assert not is_replay
    assert once(sandbox, "key") == (created, True)
    assert sandbox.size == 3
    other, is_replay = once(sandbox, "other")
    assert not is_replay
    assert other.conversation.id != created.conversation.id


def test_create_with_a_key_makes_what_a_create_without_one_makes() -> None:
    assert once(open_sandbox(), "key")[0] == open_sandbox().create(1, "c1", None)


def test_replay_is_what_was_created_whatever_has_become_of_it() -> None:
    sandbox = open_sandbox()
    created, _ = once(sandbox, "key")
    sandbox.update(1, created.conversation.id, {"is_muted": True})
    assert once(sandbox, "key") == (created, True)
    sandbox.delete(1, created.conversation.id)
    assert once(sandbox, "key") == (created, True)
    assert ids_of(sandbox) == ["a", "b"]


@pytest.mark.parametrize(("seconds", "is_replay"), [(86_399.999, True), (86_400, False), (86_400.001, False)])
def test_key_is_forgotten_after_a_day_of_the_sandbox(seconds: float, is_replay: bool) -> None:
    sandbox = open_sandbox()
    once(sandbox, "key")
    sandbox.advance_clock(1, seconds)
    assert once(sandbox, "key")[1] is is_replay


def test_refused_create_leaves_the_key_free_and_uses_no_id() -> None:
    sandbox = open_sandbox(conversations=3)
    with pytest.raises(MissingParticipant):
        once(sandbox, "key", None)
    once(sandbox, "first")
    with pytest.raises(StoreFull):
        once(sandbox, "key")
    with pytest.raises(KeyReused):
        once(sandbox, "first", "c2")
    # A create without a contact and a group is invalid whatever its key.
    with pytest.raises(MissingParticipant):
        once(sandbox, "first", None)
    assert sandbox.state.id_index == 1
    sandbox.delete(1, "a")
    assert not once(sandbox, "key")[1]


def test_create_over_the_limit_of_keys_is_refused_before_it_is_made() -> None:
    sandbox = open_sandbox(idempotency_keys=1)
    created = once(sandbox, "key")[0]
    with pytest.raises(KeysFull):
        once(sandbox, "other")
    assert (sandbox.size, sandbox.state.id_index) == (3, 1)
    assert once(sandbox, "key") == (created, True)
    assert sandbox.create(1, "c1", None)
    sandbox.advance_clock(1, 86_400)
    assert not once(sandbox, "other")[1]


def test_held_key_is_refused_until_it_is_released() -> None:
    sandbox = open_sandbox()
    assert sandbox.hold_key(1, "key", 5.0)
    with pytest.raises(KeyInUse):
        once(sandbox, "key")
    with pytest.raises(KeyInUse):
        sandbox.hold_key(1, "key", 5.0)
    assert not once(sandbox, "other")[1]
    sandbox.release_key(1, "key")
    assert not once(sandbox, "key")[1]


def test_a_held_key_is_free_some_time_after_the_delay_of_its_call() -> None:
    clock = FakeClock()
    sandbox = open_sandbox(now=clock)
    assert sandbox.hold_key(1, "key", 5.0)
    assert sandbox.hold_key(1, "longer", 60.0)
    # The clock of the sandbox does not matter.
    sandbox.freeze_clock(1, 0)
    clock.now += 14
    with pytest.raises(KeyInUse):
        once(sandbox, "key")
    clock.now += 2
    assert not once(sandbox, "key")[1]
    assert sandbox.hold_key(1, "other", 5.0)
    with pytest.raises(KeyInUse):
        once(sandbox, "longer")


def test_key_with_an_answer_cannot_be_held() -> None:
    sandbox = open_sandbox()
    once(sandbox, "key")
    assert not sandbox.hold_key(1, "key", 5.0)
    assert once(sandbox, "key")[1]
    sandbox.advance_clock(1, 86_400)
    assert sandbox.hold_key(1, "key", 5.0)


@pytest.mark.parametrize(
    "restart",
    [
        lambda sandbox: sandbox.reset(sandbox.state),
        lambda sandbox: sandbox.load(1, sandbox.state),
        lambda sandbox: sandbox.restore(sandbox.take_snapshot(1).id),
    ],
    ids=["reset", "load", "restore"],
)
def test_no_key_is_held_in_a_new_generation(restart: Callable[[Sandbox], object]) -> None:
    sandbox = open_sandbox()
    sandbox.hold_key(1, "key", 5.0)
    restart(sandbox)
    assert sandbox.hold_key(2, "key", 5.0)
    # The call that was delayed before ends now.
    sandbox.release_key(1, "key")
    with pytest.raises(KeyInUse):
        once(sandbox, "key", generation=2)


def test_snapshot_has_the_keys_of_its_moment() -> None:
    sandbox = open_sandbox()
    once(sandbox, "before")
    sandbox.take_snapshot(1)
    once(sandbox, "after")
    sandbox.restore("snapshot-1")
    assert once(sandbox, "before", generation=2)[1]
    assert not once(sandbox, "after", generation=2)[1]


def test_fork_has_the_keys_and_keeps_its_own() -> None:
    sandbox = open_sandbox()
    once(sandbox, "stored")
    sandbox.hold_key(1, "held", 5.0)
    fork = sandbox.fork()
    assert once(fork, "stored")[1]
    with pytest.raises(KeyInUse):
        once(fork, "held")
    once(fork, "forked")
    assert not once(sandbox, "forked")[1]


def test_sandboxes_without_keys_share_them() -> None:
    assert open_sandbox().state.idempotency_keys is open_sandbox().state.idempotency_keys


# Time


def test_clock_can_be_frozen_advanced_and_resumed() -> None:
    now = FakeClock()
    sandbox = open_sandbox(now=now)
    sandbox.freeze_clock(1, None)
    now.now += 100
    assert (sandbox.time(), sandbox.clock_state) == (1000.5, ClockState(1000.5))
    sandbox.advance_clock(1, 60)
    assert sandbox.time() == 1060.5
    sandbox.resume_clock(1)
    now.now += 5
    assert sandbox.time() == 1065.5
    assert sandbox.clock_state.frozen_at is None


# Rules, and the calls that they delay


def test_rules_of_the_sandbox_fire_before_server_wide_rules_and_are_counted() -> None:
    sandbox = open_sandbox()
    rule = sandbox.add_rule(1, unbound(times=1))
    server_rule = unbound().bind("server-rule-1", None)
    assert [fire(sandbox, server_rule) for _ in range(3)] == ["rule-1", "server-rule-1", "server-rule-1"]
    assert sandbox.counters(rule) == RuleCounters(rule, 3, 1, since=1000.5)
    assert sandbox.counters(server_rule) == RuleCounters(server_rule, 2, 2, since=1000.5)


def test_time_to_live_of_a_rule_begins_at_the_time_of_the_sandbox() -> None:
    sandbox = open_sandbox()
    sandbox.freeze_clock(1, 50)
    sandbox.add_rule(1, unbound(ttl_seconds=10.0))
    sandbox.replace_rules(1, [unbound(ttl_seconds=10.0), unbound(skip=99)])
    sandbox.change_rule(1, "rule-2", unbound(skip=99))
    assert [rule.since for rule in sandbox.rules] == [50, 50]
    assert fire(sandbox) == "rule-1"
    sandbox.advance_clock(1, 10)
    assert fire(sandbox) is None


def test_rules_can_be_added_replaced_changed_and_removed() -> None:
    sandbox = open_sandbox(rules=2)
    first = sandbox.add_rule(1, unbound(times=1))
    second = sandbox.add_rule(1, unbound(times=2))
    assert sandbox.rules == (first, second)
    with pytest.raises(RulesFull):
        sandbox.add_rule(1, unbound())
    changed = sandbox.change_rule(1, "rule-1", unbound(times=3))
    assert sandbox.get_rule("rule-1") is changed
    assert changed.times == 3
    sandbox.remove_rule(1, "rule-1")
    with pytest.raises(UnknownRule):
        sandbox.get_rule("rule-1")
    sandbox.replace_rules(1, [unbound(times=4)])
    assert [(rule.id, rule.times) for rule in sandbox.rules] == [("rule-1", 4)]


def test_draws_belong_to_seed_key_and_match() -> None:
    def open_with(seed: int, key: str) -> Sandbox:
        return SANDBOXES.open(SandboxState(Table(), seed), Runtime(FakeClock(), encode, BOUNDS), key)

    drawn = {open_with(seed, key).draw("delay", "rule-1", 1) for seed in (1, 2) for key in ("a", "b")}
    assert len(drawn) == 4
    assert open_with(1, "a").draw("delay", "rule-1", 1) in drawn
    assert open_with(1, "a").draw_bytes(5, "rule-1", 1) == open_with(1, "a").draw_bytes(5, "rule-1", 1)
    assert open_with(1, "a").draw_bytes(5, "rule-1", 1) != open_with(1, "b").draw_bytes(5, "rule-1", 1)


def woken_by(
    sandbox: Sandbox, wait: FakeWait, rules: list[Rule | None], action: Callable[[], object]
) -> list[str | None]:
    """Return the rule ids of the calls that ``action`` wakes while one call sleeps for each rule (None: no rule)."""

    def sleep_of(rule: Rule | None) -> Callable[[], bool]:
        return lambda: sandbox.sleep(1, 5, rule)

    woken = woken_calls(wait, [sleep_of(rule) for rule in rules], action)
    return list(compress([None if rule is None else rule.id for rule in rules], woken))


@pytest.mark.parametrize(
    ("action", "woken"),
    [
        (lambda sandbox: sandbox.add_rule(1, unbound()), []),
        (lambda sandbox: sandbox.replace_rules(1, [unbound()]), ["rule-1", "rule-2"]),
        (lambda sandbox: sandbox.replace_rules(1, ()), ["rule-1", "rule-2"]),
        (lambda sandbox: sandbox.change_rule(1, "rule-2", unbound()), ["rule-2"]),
        (lambda sandbox: sandbox.remove_rule(1, "rule-1"), ["rule-1"]),
        (lambda sandbox: sandbox.switch_rule(1, "rule-1", enabled=False), ["rule-1"]),
        (lambda sandbox: sandbox.switch_rule(1, "rule-1", enabled=True), []),
        (lambda sandbox: sandbox.order_rules(1, ["rule-2", "rule-1"]), []),
        (lambda sandbox: sandbox.reset(sandbox.state), ["rule-1", "rule-2", "server-rule-1", None]),
        (
            lambda sandbox: sandbox.load(sandbox.generation, sandbox.state),
            ["rule-1", "rule-2", "server-rule-1", None],
        ),
        (lambda sandbox: sandbox.restore("snapshot-1"), ["rule-1", "rule-2", "server-rule-1", None]),
        (lambda sandbox: sandbox.end(), ["rule-1", "rule-2", "server-rule-1", None]),
        (lambda sandbox: sandbox.fork().reset(sandbox.state), []),
        (lambda sandbox: sandbox.fork().replace_rules(1, ()), []),
    ],
    ids=[
        "add_rule",
        "replace_rules",
        "replace_rules by none",
        "change_rule",
        "remove_rule",
        "switch_rule off",
        "switch_rule on",
        "order_rules",
        "reset",
        "load",
        "restore",
        "end",
        "reset of a fork",
        "replace_rules of a fork",
    ],
)
def test_exactly_the_calls_that_an_action_concerns_are_woken(
    action: Callable[[Sandbox], object], woken: list[str | None]
) -> None:
    wait = FakeWait()
    sandbox = open_sandbox(wait=wait)
    sandbox.replace_rules(1, [unbound(), unbound()])
    sandbox.take_snapshot(1)
    SERVER_RULE.life.has_ended = False
    sleeping: list[Rule | None] = [*sandbox.rules, SERVER_RULE, None]
    assert woken_by(sandbox, wait, sleeping, lambda: action(sandbox)) == woken
    assert wait.seconds == [5, 5, 5, 5]


@pytest.mark.parametrize(
    "action",
    [
        lambda sandbox: sandbox.replace_rules(1, [unbound()] * 9),
        lambda sandbox: sandbox.change_rule(1, "rule-9", unbound()),
        lambda sandbox: sandbox.remove_rule(1, "rule-9"),
        lambda sandbox: sandbox.replace_rules(7, ()),
        lambda sandbox: sandbox.change_rule(7, "rule-1", unbound()),
        lambda sandbox: sandbox.remove_rule(7, "rule-1"),
        lambda sandbox: sandbox.switch_rule(1, "rule-9", enabled=False),
        lambda sandbox: sandbox.switch_rule(7, "rule-1", enabled=False),
        lambda sandbox: sandbox.order_rules(1, []),
        lambda sandbox: sandbox.order_rules(7, ["rule-1"]),
    ],
    ids=[
        "too many",
        "change unknown",
        "remove unknown",
        "replace late",
        "change late",
        "remove late",
        "switch unknown",
        "switch late",
        "wrong order",
        "order late",
    ],
)
def test_refused_change_of_rules_wakes_nothing(action: Callable[[Sandbox], object]) -> None:
    wait = FakeWait()
    sandbox = open_sandbox(wait=wait)
    sandbox.replace_rules(1, [unbound()])

    def refused() -> None:
        with pytest.raises((RulesFull, UnknownRule, WrongOrder, SandboxReset)):
            action(sandbox)

    assert woken_by(sandbox, wait, [*sandbox.rules, SERVER_RULE, None], refused) == []


def test_sleep_of_an_old_generation_is_woken_at_once() -> None:
    wait = FakeWait()
    sandbox = open_sandbox(wait=wait)
    sandbox.reset(sandbox.state)
    assert sandbox.sleep(1, 5, None)
    assert wait.seconds == []
    assert not sandbox.sleep(2, 5, None)
    assert wait.seconds == [5]


# The journal


def test_journal_shows_and_counts_recorded_calls() -> None:
    sandbox = open_sandbox(journal_entries=2)
    for name in ("call-1", "call-2", "call-3"):
        sandbox.record(1, CALL._replace(id=name))
    assert journal_ids(sandbox) == ["call-3", "call-2"]
    assert [entry.id for entry in sandbox.entries(Key(), 1)] == ["call-3"]
    assert sandbox.count_calls(Key(status=201)) == 3
    assert sandbox.count_calls(Key(status=404)) == 0
    assert sandbox.journal_truncated
    sandbox.clear_journal(1)
    assert (journal_ids(sandbox), sandbox.count_calls(Key()), sandbox.journal_truncated) == ([], 0, False)


def test_call_of_an_old_generation_is_not_recorded_after_a_reset() -> None:
    sandbox = open_sandbox()
    sandbox.record(1, CALL)
    sandbox.reset(sandbox.state)
    sandbox.record(1, CALL._replace(id="late"))
    assert (journal_ids(sandbox), sandbox.count_calls(Key())) == ([], 0)
    sandbox.record(2, CALL._replace(id="new"))
    assert journal_ids(sandbox) == ["new"]


@pytest.mark.parametrize(
    "action",
    [
        lambda sandbox: sandbox.load(sandbox.generation, sandbox.state),
        lambda sandbox: sandbox.restore("snapshot-1"),
    ],
    ids=["load", "restore"],
)
def test_call_of_an_old_generation_is_recorded_after_a_load(action: Callable[[Sandbox], object]) -> None:
    sandbox = open_sandbox()
    sandbox.take_snapshot(1)
    sandbox.record(1, CALL)
    action(sandbox)
    sandbox.record(1, CALL._replace(id="late"))
    sandbox.record(2, CALL._replace(id="new"))
    assert journal_ids(sandbox) == ["new", "late", "call-1"]


def test_call_of_a_generation_before_a_reset_is_not_recorded_after_a_later_load() -> None:
    sandbox = open_sandbox()
    sandbox.reset(sandbox.state)
    sandbox.load(sandbox.generation, sandbox.state)
    sandbox.record(1, CALL)
    sandbox.record(2, CALL._replace(id="since the reset"))
    assert journal_ids(sandbox) == ["since the reset"]


# Generations

WRITES: dict[str, Callable[[Sandbox, int], object]] = {
    "create": lambda sandbox, generation: sandbox.create(generation, "c1", None),
    "create_once": lambda sandbox, generation: sandbox.create_once(generation, "key", "c1", None),
    "update": lambda sandbox, generation: sandbox.update(generation, "a", {"is_muted": True}),
    "put new": lambda sandbox, generation: sandbox.put(generation, "new", {"contact_id": "c1"}),
    "put existing": lambda sandbox, generation: sandbox.put(generation, "a", {"is_muted": True}),
    "delete": lambda sandbox, generation: sandbox.delete(generation, "a"),
    "freeze_clock": lambda sandbox, generation: sandbox.freeze_clock(generation, 5),
    "advance_clock": lambda sandbox, generation: sandbox.advance_clock(generation, 5),
    "resume_clock": lambda sandbox, generation: sandbox.resume_clock(generation),
    "add_rule": lambda sandbox, generation: sandbox.add_rule(generation, unbound()),
    "replace_rules": lambda sandbox, generation: sandbox.replace_rules(generation, ()),
    "change_rule": lambda sandbox, generation: sandbox.change_rule(generation, "rule-1", unbound(times=5)),
    "remove_rule": lambda sandbox, generation: sandbox.remove_rule(generation, "rule-1"),
    "fire": lambda sandbox, generation: fire(sandbox, generation=generation),
    "clear_journal": lambda sandbox, generation: sandbox.clear_journal(generation),
    "take_snapshot": lambda sandbox, generation: sandbox.take_snapshot(generation),
    "drop_snapshot": lambda sandbox, generation: sandbox.drop_snapshot(generation, "snapshot-1"),
}

RESTARTS: dict[str, Callable[[Sandbox], object]] = {
    "reset": lambda sandbox: sandbox.reset(sandbox.state),
    "load": lambda sandbox: sandbox.load(sandbox.generation, sandbox.state),
    "restore": lambda sandbox: sandbox.restore("snapshot-1"),
}
TRANSITIONS = RESTARTS | {"end": lambda sandbox: sandbox.end()}

writes = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
restarts = pytest.mark.parametrize("restart", RESTARTS.values(), ids=RESTARTS)
transitions = pytest.mark.parametrize("transition", TRANSITIONS.values(), ids=TRANSITIONS)


def open_full_sandbox() -> Sandbox:
    """Return a sandbox with conversations, a rule that fired, a frozen clock, a recorded call and a snapshot."""
    sandbox = open_sandbox()
    sandbox.add_rule(1, unbound())
    sandbox.freeze_clock(1, 50)
    sandbox.take_snapshot(1)
    fire(sandbox)
    sandbox.record(1, CALL)
    return sandbox


def everything_in(sandbox: Sandbox) -> dict[str, Any]:
    """Return what a write could change."""
    return {
        "state": sandbox.state,
        "conversations": [each.conversation for each in sandbox.page(Query(1000)).records],
        "counters": [sandbox.counters(rule) for rule in sandbox.rules],
        "calls": journal_ids(sandbox),
        "snapshots": sandbox.snapshots,
    }


@writes
def test_write_of_the_current_generation_is_accepted(write: Callable[[Sandbox, int], object]) -> None:
    sandbox = open_full_sandbox()
    before = everything_in(sandbox)
    write(sandbox, 1)
    assert everything_in(sandbox) != before


@transitions
@writes
def test_write_of_an_old_generation_is_refused_and_changes_nothing(
    write: Callable[[Sandbox, int], object], transition: Callable[[Sandbox], object]
) -> None:
    sandbox = open_full_sandbox()
    transition(sandbox)
    before = everything_in(sandbox)
    with pytest.raises(SandboxReset):
        write(sandbox, 1)
    assert everything_in(sandbox) == before


@restarts
@writes
def test_write_of_the_new_generation_is_accepted(
    write: Callable[[Sandbox, int], object], restart: Callable[[Sandbox], object]
) -> None:
    sandbox = open_full_sandbox()
    restart(sandbox)
    assert sandbox.generation == 2
    sandbox.record(2, CALL)
    before = everything_in(sandbox)
    write(sandbox, 2)
    assert everything_in(sandbox) != before


@transitions
def test_check_refuses_an_old_generation(transition: Callable[[Sandbox], object]) -> None:
    sandbox = open_full_sandbox()
    sandbox.check(1)
    transition(sandbox)
    with pytest.raises(SandboxReset):
        sandbox.check(1)
    with pytest.raises(SandboxReset):
        sandbox.hold_key(1, "key", 5.0)
    sandbox.release_key(1, "key")


def test_reset_begins_in_the_state_with_an_empty_journal_and_keeps_snapshots() -> None:
    sandbox = open_full_sandbox()
    snapshots = sandbox.snapshots
    state = SandboxState(table_of("x"), seed=3, pinned_ids=("p",), clock_offset=7)
    sandbox.reset(state)
    assert sandbox.state == state
    assert ids_of(sandbox) == ["x"]
    assert sandbox.time() == 1007.5
    assert sandbox.rules == ()
    assert (journal_ids(sandbox), sandbox.count_calls(Key()), sandbox.journal_truncated) == ([], 0, False)
    assert sandbox.snapshots == snapshots != []
    assert sandbox.create(2, "c1", None).conversation.id == "p"


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda sandbox: sandbox.reset(sandbox.state),
        lambda sandbox: sandbox.load(1, sandbox.state),
        lambda sandbox: sandbox.restore("snapshot-1"),
        lambda sandbox: sandbox.end(),
    ],
    ids=["reset", "load", "restore", "end"],
)
def test_load_for_an_old_generation_is_refused_and_changes_nothing(
    meanwhile: Callable[[Sandbox], object],
) -> None:
    sandbox = open_sandbox(wait=FakeWait())
    sandbox.take_snapshot(1)
    meanwhile(sandbox)
    generation = sandbox.generation
    with pytest.raises(SandboxReset):
        sandbox.load(1, SandboxState(table_of("z"), seed=1))
    assert ids_of(sandbox) == ["a", "b"]
    assert sandbox.generation == generation


def test_load_begins_in_the_state_and_keeps_journal_and_snapshots() -> None:
    sandbox = open_full_sandbox()
    snapshots = sandbox.snapshots
    state = SandboxState(table_of("x"), seed=3)
    sandbox.load(sandbox.generation, state)
    assert sandbox.state == state
    assert journal_ids(sandbox) == ["call-1"]
    assert sandbox.snapshots == snapshots != []


@restarts
def test_rules_are_counted_from_zero_in_a_new_generation(restart: Callable[[Sandbox], object]) -> None:
    sandbox = open_full_sandbox()
    [rule] = sandbox.rules
    restart(sandbox)
    assert sandbox.rules == (rule,)
    assert sandbox.counters(rule) == RuleCounters(rule)


def test_new_generation_keeps_time_encoding_key_and_limits() -> None:
    now = FakeClock()
    runtime = Runtime(now, encode, replace(BOUNDS, conversations=3, rules=1, snapshots=1))
    sandbox = SANDBOXES.open(SandboxState(Table(), seed=1), runtime, "key")
    draw = sandbox.draw("delay", "rule-1", 1)
    sandbox.reset(SandboxState(table_of("x", "y"), seed=1))
    now.now = 2000.0
    created = sandbox.create(2, "c1", None)
    assert created.conversation.created_at == 2000
    assert created.json == encode(created.conversation)
    assert sandbox.draw("delay", "rule-1", 1) == draw
    with pytest.raises(StoreFull):
        sandbox.create(2, "c1", None)
    sandbox.add_rule(2, unbound())
    with pytest.raises(RulesFull):
        sandbox.add_rule(2, unbound())
    sandbox.take_snapshot(2)
    with pytest.raises(SnapshotsFull):
        sandbox.take_snapshot(2)


# Snapshots


def test_snapshot_has_the_state_and_the_time_of_the_sandbox() -> None:
    sandbox = open_sandbox()
    first = sandbox.take_snapshot(1)
    assert (first.id, first.at, first.state) == ("snapshot-1", 1000.5, sandbox.state)
    sandbox.delete(1, "a")
    second = sandbox.take_snapshot(1)
    assert sandbox.snapshots == [first, second]
    sandbox.drop_snapshot(1, first.id)
    assert sandbox.snapshots == [second]


def test_restore_returns_to_the_state_of_the_snapshot() -> None:
    sandbox = open_full_sandbox()
    taken = sandbox.take_snapshot(1)
    sandbox.create(1, "c1", None)
    sandbox.delete(1, "a")
    sandbox.advance_clock(1, 60)
    sandbox.replace_rules(1, ())
    assert sandbox.restore(taken.id) == taken
    assert sandbox.state == taken.state
    assert sandbox.generation == 2


def test_restore_of_an_unknown_snapshot_changes_nothing() -> None:
    sandbox = open_full_sandbox()
    before = everything_in(sandbox)
    with pytest.raises(UnknownSnapshot):
        sandbox.restore("snapshot-9")
    assert everything_in(sandbox) == before
    assert sandbox.generation == 1


# Forks


@writes
def test_writes_of_a_fork_do_not_reach_the_origin(write: Callable[[Sandbox, int], object]) -> None:
    sandbox = open_full_sandbox()
    before = everything_in(sandbox)
    fork = sandbox.fork()
    fork.take_snapshot(1)
    write(fork, 1)
    assert everything_in(sandbox) == before


@writes
def test_writes_of_the_origin_do_not_reach_a_fork(write: Callable[[Sandbox, int], object]) -> None:
    sandbox = open_full_sandbox()
    fork = sandbox.fork()
    before = everything_in(fork)
    write(sandbox, 1)
    assert everything_in(fork) == before


def test_fork_has_the_state_and_the_generation_of_its_origin() -> None:
    sandbox = open_full_sandbox()
    sandbox.load(sandbox.generation, sandbox.state)
    sandbox.load(sandbox.generation, sandbox.state)
    fork = sandbox.fork()
    assert fork.generation == sandbox.generation == 3
    assert fork.state == sandbox.state
    assert fork.state.table is sandbox.state.table
    with pytest.raises(SandboxReset):
        fork.create(2, "c1", None)
    assert fork.create(3, "c1", None) == sandbox.create(3, "c1", None)


def test_fork_has_the_encoding_the_key_and_the_limits_of_its_origin() -> None:
    fork = open_sandbox(conversations=2).fork()
    with pytest.raises(StoreFull):
        fork.create(1, "c1", None)
    changed = fork.update(1, "a", {"is_muted": True})
    assert changed.json == encode(changed.conversation)
    runtime = Runtime(FakeClock(), encode, BOUNDS)
    sandbox = SANDBOXES.open(SandboxState(Table(), seed=7), runtime, "key")
    assert sandbox.fork().draw("delay", "rule-1", 1) == sandbox.draw("delay", "rule-1", 1)


def test_reset_of_the_origin_does_not_reach_a_fork() -> None:
    sandbox = open_sandbox()
    fork = sandbox.fork()
    sandbox.reset(SandboxState(Table(), seed=1))
    assert ids_of(fork) == ["a", "b"]
    fork.delete(1, "a")
    assert ids_of(fork) == ["b"]


# The end


@writes
def test_write_after_the_end_is_refused_for_every_generation(write: Callable[[Sandbox, int], object]) -> None:
    """A call may read the generation after the end, when its body has arrived."""
    sandbox = open_full_sandbox()
    sandbox.end()
    before = everything_in(sandbox)
    for generation in (1, sandbox.generation, sandbox.generation + 1):
        with pytest.raises(SandboxReset):
            write(sandbox, generation)
    assert everything_in(sandbox) == before


def test_calls_do_not_sleep_after_the_end() -> None:
    wait = FakeWait()
    sandbox = open_sandbox(wait=wait)
    sandbox.end()
    assert sandbox.sleep(1, 5, None)
    assert sandbox.sleep(sandbox.generation, 5, None)
    assert wait.seconds == []


@pytest.mark.without_store
def test_reset_does_not_undo_the_end() -> None:
    """A reset of all sandboxes may reach one that is dropped at the same moment."""
    sandbox = open_sandbox()
    sandbox.end()
    sandbox.reset(SandboxState(Table(), seed=1))
    with pytest.raises(SandboxReset):
        sandbox.create(sandbox.generation, "c1", None)
