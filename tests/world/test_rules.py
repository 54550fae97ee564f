"""The rule rule_book: which rule fires for which call."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from threading import Barrier
from typing import Any

import pytest

from sandbox.world.clock import Clock
from sandbox.world.errors import RulesFull, UnknownRule
from sandbox.world.rules import RequestMatcher, Rule, RuleBook, RuleCounters, RuleMatch

CLOCK = Clock(lambda: 1000.0)


@dataclass
class Given:
    """The info of a call; by default of a create."""

    operation: str | None = "createConversation"
    method: str = "POST"
    path: str = "/v1/conversations"
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


class Always:
    """An effect that is always due."""

    def due(self, counters: RuleCounters, now: float) -> bool:
        return True


class Never:
    """An effect that is never due."""

    def due(self, counters: RuleCounters, now: float) -> bool:
        return False


CALL = Given()


def rule(rule_id: str = "r", effect: Always | Never | None = None, **attributes: Any) -> Rule:
    return Rule(rule_id, effect or Always(), {}, **attributes)


def fired(rule_book: RuleBook, calls: int, others: tuple[Rule, ...] = (), clock: Clock = CLOCK) -> str:
    """``"..x"``: which of so many calls in a row met a fault."""
    return "".join(".x"[rule_book.fire(CALL, clock, others) is not None] for _ in range(calls))


@pytest.mark.parametrize(
    ("match", "info", "fits"),
    [
        (RequestMatcher(), CALL, True),
        (RequestMatcher(), Given(operation=None, method="PATCH", path="/v1/nothing"), True),
        (RequestMatcher(operation="createConversation"), CALL, True),
        (RequestMatcher(operation="listConversations"), CALL, False),
        (RequestMatcher(operation="createConversation"), Given(operation=None), False),
        (RequestMatcher(method="POST"), CALL, True),
        (RequestMatcher(method="GET"), CALL, False),
        (RequestMatcher(path="/v1/conversations"), CALL, True),
        (RequestMatcher(path="/v1/conversations"), Given(path="/v1/conversations/a"), False),
        (RequestMatcher(path="/v1/conversations/*"), Given(path="/v1/conversations/a"), True),
        (RequestMatcher(path="/v1/conversations/*"), CALL, False),
        (RequestMatcher(path="/v1/*"), Given(path="/v1/conversations/a"), True),
        (RequestMatcher(path="*/xgQ*"), Given(path="/v1/conversations/xgQQ"), True),
        (RequestMatcher(path="/v1/conversations/?"), Given(path="/v1/conversations/a"), True),
        (RequestMatcher(path="/V1/*"), Given(path="/v1/conversations"), False),
        (RequestMatcher(query={"limit": "5"}), Given(query={"limit": "5", "muted": "true"}), True),
        (RequestMatcher(query={"limit": "5"}), Given(query={"limit": "50"}), False),
        (RequestMatcher(query={"limit": "5"}), CALL, False),
        (RequestMatcher(query={"limit": "5", "muted": "true"}), Given(query={"limit": "5"}), False),
        (RequestMatcher(body={"contact_id": "a"}), Given(body={"contact_id": "a", "group_id": "b"}), True),
        (RequestMatcher(body={"contact_id": "a"}), Given(body={"group_id": "a"}), False),
        (RequestMatcher("createConversation", "POST", "/v1/*", {"q": "1"}, {"b": "2"}), CALL, False),
        (
            RequestMatcher("createConversation", "POST", "/v1/*", {"q": "1"}, {"b": "2"}),
            Given(query={"q": "1"}, body={"b": "2"}),
            True,
        ),
    ],
)
def test_a_rule_is_about_the_calls_for_which_all_that_is_given_holds(
    match: RequestMatcher, info: Given, fits: bool
) -> None:
    assert match.matches(info) is fits
    assert (RuleBook(0, "me", [rule(match=match)]).fire(info, CLOCK) is not None) is fits


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
def test_skip_every_and_times_say_which_matches_fire(attributes: dict[str, Any], pattern: str) -> None:
    assert fired(RuleBook(0, "me", [rule(**attributes)]), 10) == pattern


def test_calls_that_a_rule_is_not_about_do_not_count() -> None:
    rule_book = RuleBook(0, "me", [rule(match=RequestMatcher(method="POST"), skip=1, times=1)])
    for _ in range(5):
        assert rule_book.fire(Given(method="GET"), CLOCK) is None
    assert rule_book.fire(CALL, CLOCK) is None
    for _ in range(5):
        assert rule_book.fire(Given(method="GET"), CLOCK) is None
    assert rule_book.fire(CALL, CLOCK) is not None
    assert rule_book.fire(CALL, CLOCK) is None


def test_a_probability_is_met_and_belongs_to_the_match_number() -> None:
    half = rule(probability=0.3)
    pattern = fired(RuleBook(7, "me", [half]), 2000)
    assert 520 < pattern.count("x") < 680
    assert fired(RuleBook(7, "me", [half]), 2000) == pattern
    for other in (
        RuleBook(8, "me", [half]),
        RuleBook(7, "you", [half]),
        RuleBook(7, "me", [rule("s", probability=0.3)]),
    ):
        assert fired(other, 2000) != pattern


def test_a_rule_meets_the_same_matches_where_other_rules_and_calls_come_in_between() -> None:
    alone = fired(RuleBook(7, "me", [rule("r", match=RequestMatcher(method="POST"), probability=0.3)]), 300)
    mixed = RuleBook(
        7, "me", [rule("s", match=RequestMatcher(method="GET"), probability=0.5), *_rules_of("r")]
    )
    pattern = ""
    for _ in range(300):
        mixed.fire(Given(method="GET"), CLOCK)
        pattern += ".x"[mixed.fire(CALL, CLOCK) is not None]
        mixed.fire(Given(method="GET"), CLOCK)
    assert pattern == alone


def _rules_of(rule_id: str) -> list[Rule]:
    return [rule(rule_id, match=RequestMatcher(method="POST"), probability=0.3)]


def test_the_same_matches_fire_whatever_the_threads_do() -> None:
    outcomes = set()
    for _ in range(5):
        rule_book = RuleBook(7, "me", [rule(probability=0.3)])
        outcomes.add(frozenset(hit.match_number for hit in _at_once(rule_book, 60)))
    assert len(outcomes) == 1
    assert 5 < len(outcomes.pop()) < 35


def test_the_calls_of_each_sandbox_meet_the_same_faults_however_the_sandboxes_interleave() -> None:
    server_wide = rule("server-rule-1", probability=0.3)
    alone = {key: fired(RuleBook(7, key), 40, (server_wide,)) for key in "abcdef"}
    assert len(set(alone.values())) > 1
    for seed in range(5):
        books = {key: RuleBook(7, key) for key in alone}
        order = [key for key in alone for _ in range(40)]
        Random(seed).shuffle(order)
        met = dict.fromkeys(alone, "")
        for key in order:
            met[key] += ".x"[books[key].fire(CALL, CLOCK, (server_wide,)) is not None]
        assert met == alone


def _at_once(rule_book: RuleBook, count: int) -> list[RuleMatch]:
    """What fired of ``count`` calls, each in a thread of its own, that begin together."""
    barrier = Barrier(count)

    def one(_: int) -> RuleMatch | None:
        barrier.wait()
        return rule_book.fire(CALL, CLOCK)

    with ThreadPoolExecutor(count) as threads:
        return [hit for hit in threads.map(one, range(count)) if hit is not None]


@pytest.mark.parametrize(
    ("attributes", "numbers"),
    [({"times": 2}, {1, 2}), ({"skip": 10, "times": 2}, {11, 12}), ({"every": 25}, {25, 50})],
    ids=str,
)
def test_fifty_calls_at_once_fire_exactly_as_often_as_fifty_in_a_row(
    attributes: dict[str, Any], numbers: set[int]
) -> None:
    for _ in range(5):
        rule_book = RuleBook(0, "me", [rule(**attributes)])
        assert {hit.match_number for hit in _at_once(rule_book, 50)} == numbers
        counters = rule_book.counters(rule_book.rules[0])
        assert (counters.matched, counters.fired) == (50, 2)


def test_a_rule_ends_when_its_time_on_the_clock_of_the_sandbox_is_over() -> None:
    clock = Clock(lambda: 0.0, frozen_at=1000.0)
    rule_book = RuleBook(0, "me", [rule(ttl_seconds=60, since=1000.0)])
    assert fired(rule_book, 2, clock=clock) == "xx"
    clock.advance(59.9)
    assert fired(rule_book, 2, clock=clock) == "xx"
    clock.advance(0.1)
    assert fired(rule_book, 2, clock=clock) == ".."
    assert rule_book.counters(rule_book.rules[0]).matched == 4


def test_a_rule_that_has_ended_leaves_the_calls_to_the_next() -> None:
    clock = Clock(lambda: 0.0, frozen_at=1000.0)
    rule_book = RuleBook(
        0, "me", [rule("first", ttl_seconds=1, since=999.0), rule("second", times=1), rule("third")]
    )
    assert [hit.rule.id for hit in _hits(rule_book, 3, clock)] == ["second", "third", "third"]


def _hits(
    rule_book: RuleBook, calls: int, clock: Clock = CLOCK, others: tuple[Rule, ...] = ()
) -> list[RuleMatch]:
    answers = (rule_book.fire(CALL, clock, others) for _ in range(calls))
    return list(islice((hit for hit in answers if hit is not None), calls))


def test_the_first_rule_that_matches_and_fires_wins_and_those_behind_it_do_not_count() -> None:
    rule_book = RuleBook(
        0,
        "me",
        [
            rule("elsewhere", match=RequestMatcher(method="GET")),
            rule("unlucky", probability=0.0),
            rule("not due", Never()),
            rule("once", times=1),
            rule("skips", skip=1),
            rule("rest"),
        ],
    )
    assert [hit.rule.id for hit in _hits(rule_book, 4)] == ["once", "rest", "skips", "skips"]
    counts = {
        each.id: (rule_book.counters(each).matched, rule_book.counters(each).fired)
        for each in rule_book.rules
    }
    assert counts == {
        "elsewhere": (0, 0),
        "unlucky": (4, 0),
        "not due": (4, 0),
        "once": (4, 1),
        "skips": (3, 2),
        "rest": (1, 1),
    }


def test_an_effect_that_is_not_due_is_no_firing() -> None:
    rule_book = RuleBook(0, "me", [rule("r", Never(), times=1)])
    assert fired(rule_book, 3) == "..."
    assert rule_book.counters(rule_book.rules[0]).fired == 0


def test_the_rules_of_the_sandbox_come_before_the_server_wide_ones() -> None:
    rule_book = RuleBook(0, "me", [rule("own", times=1)])
    wide = (rule("wide", times=1), rule("last"))
    assert [hit.rule.id for hit in _hits(rule_book, 4, others=wide)] == ["own", "wide", "last", "last"]


def test_server_wide_rules_are_counted_in_each_sandbox_by_itself() -> None:
    wide = (rule("wide", times=2),)
    books = [RuleBook(0, key) for key in ("a", "b", "c")]
    assert [fired(rule_book, 4, wide) for rule_book in books] == ["xx.."] * 3


def test_a_rule_that_took_the_place_of_another_counts_anew() -> None:
    rule_book = RuleBook(0, "me", [rule("r", times=1), rule("s", times=1)])
    assert fired(rule_book, 4) == "xx.."
    rule_book.change(rule("r", times=1))
    assert fired(rule_book, 3) == "x.."
    assert [each.id for each in rule_book.rules] == ["r", "s"]
    rule_book.replace([rule("r", skip=1, times=1)])
    assert rule_book.counters(rule_book.rules[0]).matched == 0
    assert fired(rule_book, 3) == ".x."
    rule_book.remove("r")
    rule_book.add(lambda _: rule("r", times=1), "rule", capacity=1)
    assert fired(rule_book, 2) == "x."


def test_what_happens_to_other_rules_leaves_the_count_of_a_rule_alone() -> None:
    rule_book = RuleBook(0, "me", [rule("r", times=2)])
    assert fired(rule_book, 1) == "x"
    rule_book.add(lambda _: rule("s", match=RequestMatcher(method="GET")), "rule", capacity=2)
    rule_book.remove("s")
    assert fired(rule_book, 2) == "x."


def test_a_book_holds_so_many_rules_and_no_more() -> None:
    rule_book = RuleBook(0, "me")
    rule_book.add(lambda _: rule("a"), "rule", capacity=2)
    rule_book.add(lambda _: rule("b"), "rule", capacity=2)
    with pytest.raises(RulesFull):
        rule_book.add(lambda _: rule("c"), "rule", capacity=2)
    assert [each.id for each in rule_book.rules] == ["a", "b"]


@pytest.mark.parametrize(
    "action",
    [
        lambda rule_book: rule_book.get("x"),
        lambda rule_book: rule_book.remove("x"),
        lambda rule_book: rule_book.change(rule("x")),
    ],
)
def test_a_rule_that_is_not_there_cannot_be_had_changed_or_removed(
    action: Callable[[RuleBook], object],
) -> None:
    rule_book = RuleBook(0, "me", [rule("r")])
    with pytest.raises(UnknownRule):
        action(rule_book)
    assert rule_book.get("r").id == "r"


def test_the_draws_of_a_match_are_its_own_and_the_same_each_time() -> None:
    rule_book, again = RuleBook(7, "me"), RuleBook(7, "me")
    drawn = {rule_book.draw(kind, rid, at) for kind in ("delay", "fires") for rid in "rs" for at in range(50)}
    assert len(drawn) == 200
    assert rule_book.draw("delay", "r", 3) == again.draw("delay", "r", 3)
    assert len({rule_book.draw_bytes(255, rid, at) for rid in "rs" for at in range(50)}) == 100
    assert rule_book.draw_bytes(256, "r", 1) == again.draw_bytes(256, "r", 1)
    assert len(rule_book.draw_bytes(256, "r", 1)) == 256
    assert rule_book.draw_bytes(10, "r", 1) == rule_book.draw_bytes(256, "r", 1)[:10]


@pytest.mark.parametrize(("left", "seconds"), [(None, 1), (0.1, 1), (1.0, 1), (1.1, 2), (59.5, 60)])
def test_what_is_left_of_a_window_is_told_in_whole_seconds(left: float | None, seconds: int) -> None:
    class Windowed:
        def due(self, counters: RuleCounters, now: float) -> bool:
            if left is not None:
                counters.window["left"] = left
            return True

    counted = Rule("r", Windowed(), {})
    rule_book = RuleBook(0, "me", [counted])
    rule_book.fire(CALL, CLOCK)
    assert rule_book.window_left(counted) == seconds
