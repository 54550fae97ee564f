"""The changes of worlds as bytes: others that apply them have equal worlds, and the format stays as it is."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sandbox.engines.valkey.change_codec import decode_change, encode_change
from sandbox.engines.valkey.format import NewerFormat
from sandbox.engines.valkey.server_rule_numbers import UnknownRuleNumber
from sandbox.world import changes
from sandbox.world.changes import Change, Created
from sandbox.world.clock import ClockState
from sandbox.world.errors import WorldError
from sandbox.world.idempotency import StoredAnswer
from sandbox.world.paging import Query
from sandbox.world.pulse import Story
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rule_life import RuleLife
from sandbox.world.rules import RateWindow, Rule, RuleCounters, UnboundRule
from sandbox.world.state import SandboxState
from tests.engines.valkey import followers
from tests.engines.valkey.followers import (
    Follower,
    Leader,
    PulsingLeader,
    ServerRuleList,
    SourceDocuments,
    absolute_source,
    begun,
    picture_of_contents,
    record,
    relative_source,
    runtime_of,
)
from tests.world.harness import FakeClock, FakeRequest

NAMES = ("a", "b", "c", "d", "e", "f", "new", 'odd "name"\n', "ö")
TEXTS = st.sampled_from(NAMES)
KEYS = st.sampled_from(("k1", "k2", 'k"3\n'))
PLACES = st.integers(0, 4)
DOCUMENTS: tuple[dict[str, Any], ...] = (
    {},
    {"enabled": False},
    {"skip": 1, "times": 2, "name": "ö"},
    {"fault": {"type": "rate_limit", "limit": 1, "window_seconds": 30}},
    {"ttl_seconds": 20.5, "match": {"method": "GET"}},
    {"probability": 0.5, "delay": 5},
)
RULES = st.sampled_from(DOCUMENTS).map(lambda document: followers.rule(**document))
REQUESTS = st.sampled_from((FakeRequest(), FakeRequest("listConversations", "GET")))
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "contact_id": st.sampled_from(("x", None)),
        "group_id": st.sampled_from(("g", None)),
        "is_muted": st.booleans(),
        "is_pinned": st.booleans(),
        "archived_at": st.sampled_from((None, 5)),
        "created_at": st.integers(0, 9),
    },
)


class FollowingMachine(RuleBasedStateMachine):
    """All writes of a world, which two other processes follow: one from the start, one from some later moment."""

    @initialize(has_pulse=st.booleans(), is_relative=st.booleans())
    def begin(self, has_pulse: bool, is_relative: bool) -> None:
        self.clock = FakeClock()
        self.sources = (absolute_source(*NAMES[:6]), relative_source(*NAMES[:4]))
        self.numbers = ServerRuleList()
        self.latest_number = 0
        kind = PulsingLeader if has_pulse else Leader
        self.leader = kind(begun(self.sources[is_relative]), runtime_of(self.clock), self.numbers)
        self.followers = [self.follower()]
        self.lives = self.all_lives()

    def follower(self) -> "Following":
        following = Following(self.clock, self.sources, self.numbers)
        following.begin(self.leader.checkpoint())
        return following

    @property
    def generation(self) -> int:
        return self.leader.generation

    def all_lives(self) -> list[tuple[Rule, ...]]:
        return [self.leader.contents.book.rules, *(each.contents.book.rules for each in self.followers)]

    @invariant()
    def all_have_the_same_world(self) -> None:
        if not hasattr(self, "leader"):
            return
        entries, self.leader.log[:] = tuple(self.leader.log), []
        for each in self.followers:
            each.follow(entries)
        expected = picture_of_contents(self.leader.contents)
        for each in self.followers:
            assert picture_of_contents(each.contents) == expected
        lives = self.all_lives()
        kept = [lives_kept(*both) for both in zip(self.lives, lives, strict=True)]
        assert kept == kept[:1] * len(kept)
        self.lives = lives

    @rule()
    def another_begins(self) -> None:
        self.followers = [self.followers[0], self.follower()]
        self.lives = self.all_lives()

    @rule(seconds=st.sampled_from((0.25, 10, 700, 100_000)))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def look(self) -> None:
        self.leader.page(Query(10))

    # Conversations

    @rule(contact=TEXTS)
    def create(self, contact: str) -> None:
        self.leader.create(self.generation, contact, None)

    @rule(key=KEYS, contact=st.sampled_from(("x", "y")))
    def create_once(self, key: str, contact: str) -> None:
        with suppress(WorldError):
            self.leader.create_once(self.generation, key, contact, None)

    @rule(key=KEYS)
    def hold_key(self, key: str) -> None:
        with suppress(WorldError):
            self.leader.hold_key(self.generation, key, 5.0)

    @rule(key=KEYS)
    def release_key(self, key: str) -> None:
        self.leader.release_key(self.generation, key)

    @rule(name=TEXTS, attributes=ATTRIBUTES)
    def put(self, name: str, attributes: dict[str, Any]) -> None:
        with suppress(WorldError):
            self.leader.put(self.generation, name, attributes)

    @rule(name=TEXTS, is_muted=st.booleans())
    def update(self, name: str, is_muted: bool) -> None:
        with suppress(WorldError):
            self.leader.update(self.generation, name, {"is_muted": is_muted})

    @rule(name=TEXTS)
    def delete(self, name: str) -> None:
        with suppress(WorldError):
            self.leader.delete(self.generation, name)

    # Time

    @rule(at=st.sampled_from((None, 5.5, 2000)))
    def freeze_clock(self, at: float | None) -> None:
        self.leader.freeze_clock(self.generation, at)

    @rule(seconds=st.sampled_from((0.5, 90_000)))
    def advance_clock(self, seconds: float) -> None:
        self.leader.advance_clock(self.generation, seconds)

    @rule()
    def resume_clock(self) -> None:
        self.leader.resume_clock(self.generation)

    # Rules

    @rule(added=RULES)
    def add_rule(self, added: UnboundRule) -> None:
        with suppress(WorldError):
            self.leader.add_rule(self.generation, added)

    @rule(rules=st.lists(RULES, max_size=3))
    def replace_rules(self, rules: list[UnboundRule]) -> None:
        self.leader.replace_rules(self.generation, rules)

    @rule(place=PLACES, changed=RULES)
    def change_rule(self, place: int, changed: UnboundRule) -> None:
        with suppress(WorldError):
            self.leader.change_rule(self.generation, self.rule_id(place), changed)

    @rule(place=PLACES, enabled=st.booleans())
    def switch_rule(self, place: int, enabled: bool) -> None:
        with suppress(WorldError):
            self.leader.switch_rule(self.generation, self.rule_id(place), enabled=enabled)

    @rule()
    def reverse_rules(self) -> None:
        self.leader.order_rules(self.generation, [each.id for each in reversed(self.leader.rules)])

    @rule(place=PLACES)
    def remove_rule(self, place: int) -> None:
        with suppress(WorldError):
            self.leader.remove_rule(self.generation, self.rule_id(place))

    @rule(request=REQUESTS)
    def fire(self, request: RequestInfo) -> None:
        self.leader.fire(self.generation, request, self.numbers.rules.values())

    @rule(added=RULES)
    def add_server_rule(self, added: UnboundRule) -> None:
        self.latest_number += 1
        for each in self.all_numbers():
            each.add(self.latest_number, added)

    @rule(place=PLACES, enabled=st.booleans())
    def switch_server_rule(self, place: int, enabled: bool) -> None:
        for number in list(self.numbers.rules)[place : place + 1]:
            for each in self.all_numbers():
                each.switch(number, enabled=enabled)

    @rule(place=PLACES)
    def remove_server_rule(self, place: int) -> None:
        for number in list(self.numbers.rules)[place : place + 1]:
            for each in self.all_numbers():
                each.remove(number)

    def all_numbers(self) -> list[ServerRuleList]:
        return [self.numbers, *(each.numbers for each in self.followers)]

    def rule_id(self, place: int) -> str:
        rules = self.leader.rules
        return rules[place % len(rules)].id if rules else "rule-1"

    # The world as a whole

    @rule(is_relative=st.booleans(), at=st.sampled_from((1000, 2000)))
    def reset(self, is_relative: bool, at: int) -> None:
        self.leader.reset(begun(self.sources[is_relative], at, pinned_ids=("p1", "a"), frozen_at=at))

    @rule(conversations=st.integers(0, 3))
    def load(self, conversations: int) -> None:
        state = self.leader.state
        table = state.table.of(list(state.table)[:conversations], state.table.deletions())
        loaded = SandboxState(
            table, 9, id_index=3, clock_offset=5.5, rules=state.rules, counters=state.counters
        )
        self.leader.load(self.generation, loaded)

    @rule()
    def take_snapshot(self) -> None:
        with suppress(WorldError):
            self.leader.take_snapshot(self.generation)

    @rule(number=st.integers(1, 6))
    def restore(self, number: int) -> None:
        with suppress(WorldError):
            self.leader.restore(f"snapshot-{number}")

    @rule(number=st.integers(1, 6))
    def drop_snapshot(self, number: int) -> None:
        with suppress(WorldError):
            self.leader.drop_snapshot(self.generation, f"snapshot-{number}")


class Following:
    """A process that follows, with its own server-wide rules and sources."""

    def __init__(self, clock: FakeClock, sources: Any, numbers: ServerRuleList) -> None:
        self._clock = clock
        self._sources = SourceDocuments(sources)
        self.numbers = numbers.in_another_process()

    def begin(self, checkpoint: bytes) -> None:
        self._follower = Follower(checkpoint, runtime_of(self._clock), self._sources, self.numbers)
        self.contents = self._follower.contents
        self.follow = self._follower.follow


def lives_kept(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> tuple[Any, ...]:
    """Return which rules have kept their lives, which are the same objects, and which have ended."""
    places: dict[RuleLife, int] = {each.life: place for place, each in enumerate(before)}
    kept = [places.get(each.life) for each in after]
    same = [any(each is old for old in before) for each in after]
    return kept, same, [each.life.has_ended for each in before]


def test_worlds_that_follow_the_log_are_equal_to_the_one_that_writes_it() -> None:
    run_state_machine_as_test(
        FollowingMachine,
        settings=settings(max_examples=80, stateful_step_count=40, deadline=None, report_multiple_bugs=False),
    )


# The format. A change of these bytes makes logs that are there unreadable: see FORMAT.

RECORD = record("c1")
TEXT = (
    b'{"id":"c1","contact_id":"contact","group_id":null,"pinned_message_id":null,"is_pinned":false,"is_muted":false,'
    b'"last_active_at":null,"last_opened_at":null,"created_at":1,"archived_at":null}'
)
DOCUMENT = b'{"fault":{"type":"status","status":503}}'


class World:
    """A world with the rules ``rule-1`` and ``rule-2`` and the conversation c1, and the server-wide rule 7."""

    def __init__(self) -> None:
        self.numbers = ServerRuleList()
        self.numbers.add(7, followers.rule())
        rules = tuple(followers.rule().bind(f"rule-{number}", 5.5) for number in (1, 2))
        state = SandboxState(absolute_source("c1").origin(0).table, seed=7, rules=rules)
        self.contents = Leader(state, runtime_of(FakeClock()), self.numbers).contents
        self.rules = self.contents.book.rules

    def encode(self, change: Change) -> bytes:
        return encode_change(change, self.contents, self.numbers)

    def decode(self, text: bytes) -> Change:
        return decode_change(text, self.contents, SourceDocuments(()), self.numbers)


def state_begun(_world: World) -> Change:
    rules = (followers.rule().bind("rule-1", 5.5),)
    counters = (RuleCounters(rules[0], 3, 2, 5.5, RateWindow(5, 8, 1)),)
    state = SandboxState(absolute_source("c1").origin(0).table, 7, ("p",), 5.5, 3, 0.0, rules, counters)
    return changes.GenerationBegun(state, clears_journal=True)


def rules_changed(world: World) -> Change:
    first, second = world.rules
    added = followers.rule().bind("rule-3", 6.5)
    return changes.RulesSet((second, first.switched(enabled=False), added))


def call_counted(world: World) -> Change:
    return changes.CallCounted(
        (
            RuleCounters(world.rules[0], 3, 2, 5.5),
            RuleCounters(world.rules[1], 1, 1, 6.5, RateWindow(6.5, 36.5, 1)),
            RuleCounters(world.numbers.rules[7], 1, 0, None),
        )
    )


ENTRIES: dict[str, tuple[Callable[[World], Change], bytes]] = {
    "created": (lambda _: Created(RECORD, 5), b'["created",5]\n' + TEXT),
    "created with a key": (
        lambda _: Created(RECORD, 5, StoredAnswer('k"', RECORD, 1000.5)),
        b'["created",5,"k\\"",1000.5]\n' + TEXT,
    ),
    "written": (lambda _: changes.Written(RECORD), b'["written"]\n' + TEXT),
    "deleted": (
        lambda world: changes.Deleted(world.contents.store.table.get("c1")),
        b'["deleted","c1"]',
    ),
    "lived": (
        lambda _: changes.Lived((RECORD, RECORD), Story(1, 2)),
        b'["lived",1,2]\n' + TEXT + b"\n" + TEXT,
    ),
    "lived without an event": (lambda _: changes.Lived((), Story(1, 2)), b'["lived",1,2]'),
    "key held": (lambda _: changes.KeyHeld("ö", 1.0, 2.5), b'["key_held","\\u00f6",1.0,2.5]'),
    "key released": (lambda _: changes.KeyReleased("k"), b'["key_released","k"]'),
    "clock frozen": (lambda _: changes.ClockSet(ClockState(5.5, 0.0)), b'["clock_set",5.5,0.0]'),
    "clock running": (lambda _: changes.ClockSet(ClockState(None, 0.1)), b'["clock_set",null,0.1]'),
    "rules set": (
        rules_changed,
        b'["rules_set",1,[0,"rule-1",5.5,{"fault":{"type":"status","status":503},"enabled":false}],'
        b'[null,"rule-3",6.5,' + DOCUMENT + b"]]",
    ),
    "call counted": (
        call_counted,
        b'["call_counted",[[0,3,2,5.5],[1,1,1,6.5,[6.5,36.5,1]]],[[7,1,0,null]]]',
    ),
    "generation begun": (
        state_begun,
        b'["generation_begun",true]\n{"seed":7,"pinned_ids":["p"],"id_index":3,"frozen_at":5.5,"clock_offset":0.0,'
        b'"story":null,"rules":[["rule-1",5.5,' + DOCUMENT + b"]],"
        b'"counters":[[0,3,2,5.5,[5,8,1]]],"server_counters":[],"origin":null,"base":"nothing","records":1,"gone":0,'
        b'"deletions":0,"answers":0}\n' + TEXT,
    ),
    "snapshot restored": (
        lambda _: changes.SnapshotRestored("snapshot-1"),
        b'["snapshot_restored","snapshot-1"]',
    ),
    "snapshot taken": (lambda _: changes.SnapshotTaken(1000.5), b'["snapshot_taken",1000.5]'),
    "snapshot dropped": (
        lambda _: changes.SnapshotDropped("snapshot-1"),
        b'["snapshot_dropped","snapshot-1"]',
    ),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_has_the_bytes_of_the_format_and_can_be_read_again(name: str) -> None:
    make, text = ENTRIES[name]
    world = World()
    change = make(world)
    assert world.encode(change) == text
    decoded = world.decode(text)
    assert type(decoded) is type(change)
    assert world.encode(decoded) == text


def test_there_is_an_entry_of_each_kind_of_change() -> None:
    kinds = {
        each
        for each in vars(changes).values()
        if isinstance(each, type) and each.__module__ == changes.__name__ and each is not Change
    }
    assert {type(make(World())) for make, _ in ENTRIES.values()} == kinds


def test_an_answer_shares_the_record_of_its_create() -> None:
    decoded = World().decode(ENTRIES["created with a key"][1])
    assert isinstance(decoded, Created)
    assert decoded.answer is not None
    assert decoded.answer.record is decoded.record


def test_rules_that_were_only_moved_are_the_same_objects() -> None:
    world = World()
    decoded = world.decode(b'["rules_set",1,0]')
    assert isinstance(decoded, changes.RulesSet)
    assert [each is old for each, old in zip(decoded.rules, reversed(world.rules), strict=True)] == [True] * 2


def test_a_kind_of_change_that_is_unknown_was_written_by_a_newer_version() -> None:
    with pytest.raises(NewerFormat, match="A newer version of the server has written 'renamed'"):
        World().decode(b'["renamed",1]')


def test_counters_of_a_server_wide_rule_that_is_unknown_are_refused() -> None:
    with pytest.raises(UnknownRuleNumber) as caught:
        World().decode(b'["call_counted",[],[[8,1,1,null]]]')
    assert caught.value.number == 8
