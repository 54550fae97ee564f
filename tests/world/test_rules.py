"""Rules: which rule fires for which call, and what is counted."""

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, dataclass, field
from random import Random
from typing import Any

import pytest

from sandbox.world.clock import Clock
from sandbox.world.errors import RulesFull, UnknownRule
from sandbox.world.rules import (
    Effect,
    RateWindow,
    RequestMatcher,
    Rule,
    RuleBook,
    RuleCounters,
    RuleMatch,
    UnboundRule,
    bind_all,
)
from tests.world.harness import AlwaysDue, run_in_threads, unbound

CLOCK = Clock(lambda: 1000.0)


@dataclass
class FakeRequest:
    """A request, by default one that creates a conversation."""

    operation_id: str | None = "createConversation"
    method: str = "POST"
    path: str = "/v1/conversations"
    query_attributes: Mapping[str, str] = field(default_factory=dict)
    body_attributes: Mapping[str, str] = field(default_factory=dict)


class NeverDue:
    """An effect that is never due."""

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        return False, window


class CountingEffect:
    """An effect that is due from the second call of its window on. The window does not end."""

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        window = window or RateWindow(now, now + 60, 0)
        window = window._replace(calls=window.calls + 1)
        return window.calls > 1, window


CREATE = FakeRequest()


def rule(
    rule_id: str = "r", effect: Effect | None = None, since: float | None = None, **attributes: Any
) -> Rule:
    return unbound(effect, **attributes).bind(rule_id, since)


def rule_book(*rules: Rule, seed: int = 0, key: str = "me", capacity: int = 10) -> RuleBook:
    return RuleBook(seed, key, capacity, rules)


def firing_pattern(
    book: RuleBook, calls: int, server_rules: tuple[Rule, ...] = (), clock: Clock = CLOCK
) -> str:
    """Return which of consecutive calls met a fault: ``"..x"`` if it was the third of three."""
    return "".join(".x"[book.fire(CREATE, clock, server_rules) is not None] for _ in range(calls))


@pytest.mark.parametrize(
    ("matcher", "request_", "matches"),
    [
        (RequestMatcher(), CREATE, True),
        (RequestMatcher(), FakeRequest(operation_id=None, method="PATCH", path="/v1/nothing"), True),
        (RequestMatcher(operation="createConversation"), CREATE, True),
        (RequestMatcher(operation="listConversations"), CREATE, False),
        (RequestMatcher(operation="createConversation"), FakeRequest(operation_id=None), False),
        (RequestMatcher(method="POST"), CREATE, True),
        (RequestMatcher(method="GET"), CREATE, False),
        (RequestMatcher(path="/v1/conversations"), CREATE, True),
        (RequestMatcher(path="/v1/conversations"), FakeRequest(path="/v1/conversations/a"), False),
        (RequestMatcher(path="/v1/conversations/*"), FakeRequest(path="/v1/conversations/a"), True),
        (RequestMatcher(path="/v1/conversations/*"), CREATE, False),
        (RequestMatcher(path="/v1/*"), FakeRequest(path="/v1/conversations/a"), True),
        (RequestMatcher(path="*/xgQ*"), FakeRequest(path="/v1/conversations/xgQQ"), True),
        (RequestMatcher(path="/v1/conversations/?"), FakeRequest(path="/v1/conversations/a"), True),
        (RequestMatcher(path="/V1/*"), FakeRequest(path="/v1/conversations"), False),
        (
            RequestMatcher(query={"limit": "5"}),
            FakeRequest(query_attributes={"limit": "5", "muted": "true"}),
            True,
        ),
        (RequestMatcher(query={"limit": "5"}), FakeRequest(query_attributes={"limit": "50"}), False),
        (RequestMatcher(query={"limit": "5"}), CREATE, False),
        (
            RequestMatcher(query={"limit": "5", "muted": "true"}),
            FakeRequest(query_attributes={"limit": "5"}),
            False,
        ),
        (
            RequestMatcher(body={"contact_id": "a"}),
            FakeRequest(body_attributes={"contact_id": "a", "group_id": "b"}),
            True,
        ),
        (RequestMatcher(body={"contact_id": "a"}), FakeRequest(body_attributes={"group_id": "a"}), False),
        (RequestMatcher("createConversation", "POST", "/v1/*", {"q": "1"}, {"b": "2"}), CREATE, False),
        (
            RequestMatcher("createConversation", "POST", "/v1/*", {"q": "1"}, {"b": "2"}),
            FakeRequest(query_attributes={"q": "1"}, body_attributes={"b": "2"}),
            True,
        ),
    ],
)
def test_matcher_requires_all_its_conditions(
    matcher: RequestMatcher, request_: FakeRequest, matches: bool
) -> None:
    assert matcher.matches(request_) is matches
    assert (rule_book(rule(match=matcher)).fire(request_, CLOCK) is not None) is matches


@pytest.mark.parametrize(
    ("attributes", "pattern"),
    [
        ({}, "xxxxxxxxxx"),
        ({"skip": 3}, "...xxxxxxx"),
        ({"skip": 100}, ".........."),
        ({"times": 2}, "xx........"),
        ({"every": 3}, "..x..x..x."),
        ({"skip": 1, "every": 2}, "..x.x.x.x."),
        ({"skip": 2, "times": 3}, "..xxx....."),
        ({"every": 4, "times": 2}, "...x...x.."),
        ({"skip": 1, "every": 3, "times": 2}, "...x..x..."),
        ({"probability": 0.0}, ".........."),
        ({"probability": 1.0}, "xxxxxxxxxx"),
        ({"probability": 0.0, "times": 1}, ".........."),
    ],
    ids=str,
)
def test_skip_every_times_and_probability_select_matches(attributes: dict[str, Any], pattern: str) -> None:
    assert firing_pattern(rule_book(rule(**attributes)), 10) == pattern


def test_calls_that_do_not_match_are_not_counted() -> None:
    book = rule_book(rule(match=RequestMatcher(method="POST"), skip=1, times=1))
    for _ in range(5):
        assert book.fire(FakeRequest(method="GET"), CLOCK) is None
    assert book.fire(CREATE, CLOCK) is None
    for _ in range(5):
        assert book.fire(FakeRequest(method="GET"), CLOCK) is None
    assert book.fire(CREATE, CLOCK) is not None
    assert book.fire(CREATE, CLOCK) is None


def test_probability_depends_only_on_seed_key_rule_and_match_number() -> None:
    some = rule(probability=0.3)
    pattern = firing_pattern(rule_book(some, seed=7), 2000)
    assert 520 < pattern.count("x") < 680
    assert firing_pattern(rule_book(some, seed=7), 2000) == pattern
    for other in (
        rule_book(some, seed=8),
        rule_book(some, seed=7, key="you"),
        rule_book(rule("s", probability=0.3), seed=7),
    ):
        assert firing_pattern(other, 2000) != pattern


def test_other_rules_and_calls_do_not_change_which_matches_fire() -> None:
    posts = rule("r", match=RequestMatcher(method="POST"), probability=0.3)
    alone = firing_pattern(rule_book(posts, seed=7), 300)
    mixed = rule_book(rule("s", match=RequestMatcher(method="GET"), probability=0.5), posts, seed=7)
    pattern = ""
    for _ in range(300):
        mixed.fire(FakeRequest(method="GET"), CLOCK)
        pattern += ".x"[mixed.fire(CREATE, CLOCK) is not None]
        mixed.fire(FakeRequest(method="GET"), CLOCK)
    assert pattern == alone


def test_same_matches_fire_for_any_order_of_threads() -> None:
    outcomes = set()
    for _ in range(5):
        book = rule_book(rule(probability=0.3), seed=7)
        outcomes.add(frozenset(match.match_number for match in fire_in_threads(book, 60)))
    assert len(outcomes) == 1
    assert 5 < len(outcomes.pop()) < 35


def test_faults_of_a_sandbox_do_not_depend_on_calls_of_other_sandboxes() -> None:
    server_wide = rule("server-rule-1", probability=0.3)
    alone = {key: firing_pattern(rule_book(seed=7, key=key), 40, (server_wide,)) for key in "abcdef"}
    assert len(set(alone.values())) > 1
    for seed in range(5):
        books = {key: rule_book(seed=7, key=key) for key in alone}
        order = [key for key in alone for _ in range(40)]
        Random(seed).shuffle(order)
        met = dict.fromkeys(alone, "")
        for key in order:
            met[key] += ".x"[books[key].fire(CREATE, CLOCK, (server_wide,)) is not None]
        assert met == alone


def fire_in_threads(book: RuleBook, count: int) -> list[RuleMatch]:
    """Return the matches of ``count`` calls that begin at the same moment, each in a thread of its own."""
    matches = run_in_threads(lambda _: book.fire(CREATE, CLOCK), count)
    return [match for match in matches if match is not None]


@pytest.mark.parametrize(
    ("attributes", "numbers"),
    [({"times": 2}, {1, 2}), ({"skip": 10, "times": 2}, {11, 12}), ({"every": 25}, {25, 50})],
    ids=str,
)
def test_parallel_calls_fire_exactly_like_consecutive_calls(
    attributes: dict[str, Any], numbers: set[int]
) -> None:
    for _ in range(5):
        book = rule_book(rule(**attributes))
        assert {match.match_number for match in fire_in_threads(book, 50)} == numbers
        counters = book.counters(book.rules[0])
        assert (counters.matched, counters.fired) == (50, 2)


def test_rule_ends_after_its_time_to_live_on_the_clock_of_the_sandbox() -> None:
    clock = Clock(lambda: 0.0, frozen_at=1000.0)
    book = rule_book(rule(ttl_seconds=60, since=1000.0))
    assert firing_pattern(book, 2, clock=clock) == "xx"
    clock.advance(59.9)
    assert firing_pattern(book, 2, clock=clock) == "xx"
    clock.advance(0.1)
    assert firing_pattern(book, 2, clock=clock) == ".."
    assert book.counters(book.rules[0]).matched == 4


def test_rule_that_has_ended_is_passed_over() -> None:
    clock = Clock(lambda: 0.0, frozen_at=1000.0)
    book = rule_book(rule("first", ttl_seconds=1, since=999.0), rule("second", times=1), rule("third"))
    assert [match.rule.id for match in matches_of(book, 3, clock)] == ["second", "third", "third"]


def matches_of(
    book: RuleBook, calls: int, clock: Clock = CLOCK, server_rules: tuple[Rule, ...] = ()
) -> list[RuleMatch]:
    """Return the matches of consecutive calls."""
    matches = (book.fire(CREATE, clock, server_rules) for _ in range(calls))
    return [match for match in matches if match is not None]


def test_first_rule_that_fires_wins_and_later_rules_do_not_count() -> None:
    book = rule_book(
        rule("other method", match=RequestMatcher(method="GET")),
        rule("improbable", probability=0.0),
        rule("not due", NeverDue()),
        rule("once", times=1),
        rule("skips", skip=1),
        rule("rest"),
    )
    assert [match.rule.id for match in matches_of(book, 4)] == ["once", "rest", "skips", "skips"]
    counts = {each.id: (book.counters(each).matched, book.counters(each).fired) for each in book.rules}
    assert counts == {
        "other method": (0, 0),
        "improbable": (4, 0),
        "not due": (4, 0),
        "once": (4, 1),
        "skips": (3, 2),
        "rest": (1, 1),
    }


def test_effect_that_is_not_due_does_not_count_as_fired() -> None:
    book = rule_book(rule("r", NeverDue(), times=1))
    assert firing_pattern(book, 3) == "..."
    assert book.counters(book.rules[0]).fired == 0


def test_rules_of_the_sandbox_come_before_server_wide_rules() -> None:
    book = rule_book(rule("own", times=1))
    wide = (rule("wide", times=1), rule("last"))
    assert [match.rule.id for match in matches_of(book, 4, server_rules=wide)] == [
        "own",
        "wide",
        "last",
        "last",
    ]


def test_server_wide_rules_are_counted_in_each_sandbox_separately() -> None:
    wide = (rule("wide", times=2),)
    books = [rule_book(key=key) for key in ("a", "b", "c")]
    assert [firing_pattern(book, 4, wide) for book in books] == ["xx.."] * 3


def test_rule_that_replaces_another_is_counted_from_zero() -> None:
    book = rule_book(rule("rule-1", times=1), rule("s", times=1))
    assert firing_pattern(book, 4) == "xx.."
    assert book.change("rule-1", unbound(times=1), None) is book.rules[0]
    assert firing_pattern(book, 3) == "x.."
    assert [each.id for each in book.rules] == ["rule-1", "s"]
    book.replace([unbound(skip=1, times=1)], None)
    assert book.counters(book.rules[0]).matched == 0
    assert firing_pattern(book, 3) == ".x."
    book.remove("rule-1")
    assert book.add(unbound(times=1), None).id == "rule-1"
    assert firing_pattern(book, 2) == "x."


def test_replace_returns_the_replaced_rules_and_numbers_the_new_ones() -> None:
    old = [rule("rule-7"), rule("s")]
    book = rule_book(*old)
    assert book.replace([unbound(times=1), unbound(times=2)], 5.0) == tuple(old)
    assert [(each.id, each.times, each.since) for each in book.rules] == [
        ("rule-1", 1, 5.0),
        ("rule-2", 2, 5.0),
    ]


def test_added_rule_is_last_with_the_next_number() -> None:
    book = RuleBook(0, "me", 10, [rule("r-2"), rule("r-x"), rule("rule-9")], id_prefix="r")
    added = book.add(unbound(times=3), 5.0)
    assert (added.id, added.times, added.since) == ("r-3", 3, 5.0)
    assert book.rules[-1] is added
    assert book.get("r-3") is added
    book.remove("r-2")
    assert book.add(unbound(), None).id == "r-4"


def test_changes_of_other_rules_do_not_change_counters() -> None:
    book = rule_book(rule("r", times=2))
    assert firing_pattern(book, 1) == "x"
    added = book.add(unbound(match=RequestMatcher(method="GET")), None)
    book.remove(added.id)
    assert firing_pattern(book, 2) == "x."


def test_add_and_replace_beyond_capacity_are_refused() -> None:
    book = rule_book(capacity=2)
    book.add(unbound(), None)
    book.add(unbound(), None)
    with pytest.raises(RulesFull) as refused:
        book.add(unbound(), None)
    assert refused.value.capacity == 2
    before = book.rules
    with pytest.raises(RulesFull):
        book.replace([unbound()] * 3, None)
    assert book.rules == before
    assert [each.id for each in book.rules] == ["rule-1", "rule-2"]


@pytest.mark.parametrize(
    "action",
    [
        lambda book: book.get("x"),
        lambda book: book.remove("x"),
        lambda book: book.change("x", unbound(), None),
    ],
    ids=["get", "remove", "change"],
)
def test_get_remove_and_change_of_an_unknown_rule_raise(action: Callable[[RuleBook], object]) -> None:
    book = rule_book(rule("r"))
    with pytest.raises(UnknownRule) as unknown:
        action(book)
    assert unknown.value.rule_id == "x"
    assert [each.id for each in book.rules] == ["r"]


def test_draws_are_different_for_each_match_and_reproducible() -> None:
    book, again = rule_book(seed=7), rule_book(seed=7)
    drawn = {book.draw(kind, rid, at) for kind in ("delay", "fires") for rid in "rs" for at in range(50)}
    assert len(drawn) == 200
    assert book.draw("delay", "r", 3) == again.draw("delay", "r", 3)
    assert len({book.draw_bytes(255, rid, at) for rid in "rs" for at in range(50)}) == 100
    assert book.draw_bytes(256, "r", 1) == again.draw_bytes(256, "r", 1)
    assert len(book.draw_bytes(256, "r", 1)) == 256
    assert book.draw_bytes(10, "r", 1) == book.draw_bytes(256, "r", 1)[:10]


def test_match_has_the_time_of_its_call_and_the_window_of_the_effect() -> None:
    clock = Clock(lambda: 0.0, frozen_at=1000.0)
    book = rule_book(rule("r", CountingEffect()))
    assert book.fire(CREATE, clock) is None
    assert book.counters(book.rules[0]).window == RateWindow(1000.0, 1060.0, 1)
    clock.advance(10)
    match = book.fire(CREATE, clock)
    assert match == RuleMatch(book.rules[0], 2, 1010.0, RateWindow(1000.0, 1060.0, 2))


def test_match_has_no_window_if_the_effect_counts_nothing() -> None:
    match = rule_book(rule()).fire(CREATE, CLOCK)
    assert match is not None
    assert (match.at, match.window) == (1000.0, None)


def test_each_rule_and_each_sandbox_has_a_window_of_its_own() -> None:
    first, second = rule("first", CountingEffect()), rule("second", CountingEffect())
    one, other = rule_book(), rule_book(key="you")
    assert one.fire(CREATE, CLOCK, (first, second)) is None
    assert [match.rule.id for match in matches_of(one, 2, server_rules=(second, first))] == [
        "second",
        "second",
    ]
    assert firing_pattern(other, 3, (first,)) == ".xx"


def test_effect_is_not_asked_about_calls_for_which_the_rule_does_not_fire() -> None:
    book = rule_book(rule("r", CountingEffect(), skip=2))
    assert firing_pattern(book, 4) == "...x"


def test_window_is_not_kept_for_a_rule_that_replaces_another() -> None:
    book = rule_book(rule("r", CountingEffect()))
    assert firing_pattern(book, 2) == ".x"
    book.change("r", unbound(CountingEffect()), None)
    assert firing_pattern(book, 2) == ".x"


def test_counters_are_values() -> None:
    book = rule_book(rule())
    book.fire(CREATE, CLOCK)
    counters = book.counters(book.rules[0])
    book.fire(CREATE, CLOCK)
    assert (counters.matched, counters.fired) == (1, 1)
    with pytest.raises(FrozenInstanceError):
        counters.matched = 5  # type: ignore[misc]  # the test asserts that this is refused
    assert book.counters(book.rules[0]) == RuleCounters(book.rules[0], 2, 2, since=1000.0)


def test_time_to_live_without_since_counts_from_the_first_matching_call() -> None:
    clock = Clock(lambda: 0.0, frozen_at=1000.0)
    book = rule_book(rule(ttl_seconds=60))
    clock.advance(500)
    assert firing_pattern(book, 1, clock=clock) == "x"
    clock.advance(59)
    assert firing_pattern(book, 1, clock=clock) == "x"
    clock.advance(1)
    assert firing_pattern(book, 1, clock=clock) == "."


def test_bind_keeps_every_attribute_and_adds_id_and_since() -> None:
    effect, document, matcher = AlwaysDue(), {"name": "x"}, RequestMatcher("getConversation")
    given = UnboundRule(effect, document, matcher, 1, 2, 3, 0.5, 60.0)
    assert given.bind("rule-4", 5.0) == Rule(
        effect, document, matcher, 1, 2, 3, 0.5, 60.0, id="rule-4", since=5.0
    )


def test_bind_all_numbers_rules_from_one() -> None:
    bound = bind_all([unbound(times=1), unbound(times=2)], "rule", 5.0)
    assert [(each.id, each.times, each.since) for each in bound] == [("rule-1", 1, 5.0), ("rule-2", 2, 5.0)]
    assert bind_all([], "rule", None) == ()
