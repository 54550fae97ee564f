"""The rules of a sandbox: which one fires for which call, and what is counted."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from random import Random
from typing import Any

import pytest

from sandbox.world.clock import Clock
from sandbox.world.errors import RulesFull, RulesTooLarge, UnknownRule, WrongOrder
from sandbox.world.request_matcher import RequestMatcher
from sandbox.world.rule_book import bind_all, revived
from sandbox.world.rules import Effect, RateWindow, Rule, RuleCounters, RuleMatch, UnboundRule
from tests.world.harness import CREATE, AlwaysDue, Book, FakeRequest, run_in_threads, unbound

CLOCK = Clock(lambda: 1000.0)


class NeverDue:
    """An effect that is never due."""

    size = 0

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        return False, window


class CountingEffect:
    """An effect that is due from the second call of its window on. The window does not end."""

    size = 0

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        window = window or RateWindow(now, now + 60, 0)
        window = window._replace(calls=window.calls + 1)
        return window.calls > 1, window


def rule(
    rule_id: str = "r", effect: Effect | None = None, since: float | None = None, **attributes: Any
) -> Rule:
    return unbound(effect, **attributes).bind(rule_id, since)


def rule_book(*rules: Rule, seed: int = 0, key: str = "me", capacity: int = 10) -> Book:
    return Book(seed, key, capacity, rules)


def firing_pattern(book: Book, calls: int, server_rules: tuple[Rule, ...] = (), clock: Clock = CLOCK) -> str:
    """Return which of consecutive calls met a fault: ``"..x"`` if it was the third of three."""
    return "".join(".x"[book.fire(CREATE, clock, server_rules).match is not None] for _ in range(calls))


def test_rule_fires_only_for_requests_that_match() -> None:
    book = rule_book(rule(match=RequestMatcher(method="POST")))
    for method, fires in (("GET", False), ("POST", True), ("PUT", False)):
        assert (book.fire(FakeRequest(method=method), CLOCK).match is not None) is fires
    assert book.counters(book.rules[0]).matched == 1


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
        assert book.fire(FakeRequest(method="GET"), CLOCK).match is None
    assert book.fire(CREATE, CLOCK).match is None
    for _ in range(5):
        assert book.fire(FakeRequest(method="GET"), CLOCK).match is None
    assert book.fire(CREATE, CLOCK).match is not None
    assert book.fire(CREATE, CLOCK).match is None


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
        pattern += ".x"[mixed.fire(CREATE, CLOCK).match is not None]
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
            met[key] += ".x"[books[key].fire(CREATE, CLOCK, (server_wide,)).match is not None]
        assert met == alone


def fire_in_threads(book: Book, count: int) -> list[RuleMatch]:
    """Return the matches of ``count`` calls that begin at the same moment, each in a thread of its own."""
    matches = run_in_threads(lambda _: book.fire(CREATE, CLOCK).match, count)
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
    clock.set(clock.advanced(59.9))
    assert firing_pattern(book, 2, clock=clock) == "xx"
    clock.set(clock.advanced(0.1))
    assert firing_pattern(book, 2, clock=clock) == ".."
    assert book.counters(book.rules[0]).matched == 4


def test_rule_that_has_ended_is_passed_over() -> None:
    clock = Clock(lambda: 0.0, frozen_at=1000.0)
    book = rule_book(rule("first", ttl_seconds=1, since=999.0), rule("second", times=1), rule("third"))
    assert [match.rule.id for match in matches_of(book, 3, clock)] == ["second", "third", "third"]


def matches_of(
    book: Book, calls: int, clock: Clock = CLOCK, server_rules: tuple[Rule, ...] = ()
) -> list[RuleMatch]:
    """Return the matches of consecutive calls."""
    matches = (book.fire(CREATE, clock, server_rules).match for _ in range(calls))
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


def test_replace_ends_the_replaced_rules_and_numbers_the_new_ones() -> None:
    old = [rule("rule-7"), rule("s")]
    book = rule_book(*old)
    book.replace([unbound(times=1), unbound(times=2)], 5.0)
    assert [each.life.has_ended for each in (*old, *book.rules)] == [True, True, False, False]
    assert [(each.id, each.times, each.since) for each in book.rules] == [
        ("rule-1", 1, 5.0),
        ("rule-2", 2, 5.0),
    ]


def test_added_rule_is_last_with_the_next_number() -> None:
    book = Book(0, "me", 10, [rule("r-2"), rule("r-x"), rule("rule-9")], id_prefix="r")
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


def named(name: str) -> UnboundRule:
    return UnboundRule(AlwaysDue(), {"name": name})


@pytest.mark.parametrize(
    ("more", "fits"),
    [(-1, True), (0, True), (1, False), (10_000, False)],
    ids=["below", "at", "above", "far above"],
)
@pytest.mark.parametrize(
    ("rules", "write"),
    [
        (1, lambda book, rule: book.add(rule, None)),
        (2, lambda book, rule: book.change("rule-2", rule, None)),
        (2, lambda book, rule: book.replace([named(""), rule], None)),
    ],
    ids=["add", "change", "replace"],
)
def test_rules_beyond_the_memory_limit_are_refused(
    rules: int, write: Callable[[Book, UnboundRule], object], more: int, fits: bool
) -> None:
    short = named("")
    bound = 2 * short.size + 50
    book = Book(0, "me", 3, max_bytes=bound)
    for _ in range(rules):
        book.add(short, None)
    before = book.rules
    rule = named("a" * (50 + more))
    if fits:
        write(book, rule)
        assert len(book.rules) == 2
        assert sum(each.size for each in book.rules) == bound + more
    else:
        with pytest.raises(RulesTooLarge) as refused:
            write(book, rule)
        assert refused.value.max_bytes == bound
        assert book.rules == before


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
        lambda book: book.switch("x", enabled=False),
    ],
    ids=["get", "remove", "change", "switch"],
)
def test_get_remove_change_and_switch_of_an_unknown_rule_raise(action: Callable[[Book], object]) -> None:
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
    assert book.fire(CREATE, clock).match is None
    assert book.counters(book.rules[0]).window == RateWindow(1000.0, 1060.0, 1)
    clock.set(clock.advanced(10))
    match = book.fire(CREATE, clock).match
    assert match == RuleMatch(book.rules[0], 2, 1010.0, RateWindow(1000.0, 1060.0, 2))


def test_match_has_no_window_if_the_effect_counts_nothing() -> None:
    match = rule_book(rule()).fire(CREATE, CLOCK).match
    assert match is not None
    assert (match.at, match.window) == (1000.0, None)


def test_each_rule_and_each_sandbox_has_a_window_of_its_own() -> None:
    first, second = rule("first", CountingEffect()), rule("second", CountingEffect())
    one, other = rule_book(), rule_book(key="you")
    assert one.fire(CREATE, CLOCK, (first, second)).match is None
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
    clock.set(clock.advanced(500))
    assert firing_pattern(book, 1, clock=clock) == "x"
    clock.set(clock.advanced(59))
    assert firing_pattern(book, 1, clock=clock) == "x"
    clock.set(clock.advanced(1))
    assert firing_pattern(book, 1, clock=clock) == "."


def test_bind_all_numbers_rules_from_one() -> None:
    bound = bind_all([unbound(times=1), unbound(times=2)], "rule", 5.0)
    assert [(each.id, each.times, each.since) for each in bound] == [("rule-1", 1, 5.0), ("rule-2", 2, 5.0)]
    assert bind_all([], "rule", None) == ()


@pytest.mark.parametrize(
    ("attributes", "reasons"),
    [
        ({}, [("fired", (1, None)), ("fired", (2, None))]),
        ({"times": 1}, [("fired", (1, 1)), ("times", (1,)), ("times", (1,))]),
        ({"skip": 2}, [("skip", (1, 2)), ("skip", (2, 2)), ("fired", (1, None))]),
        ({"every": 3}, [("every", (1, 3)), ("every", (2, 3)), ("fired", (1, None)), ("every", (1, 3))]),
        (
            {"skip": 1, "every": 2, "times": 1},
            [("skip", (1, 1)), ("every", (1, 2)), ("fired", (1, 1)), ("times", (1,))],
        ),
        ({"enabled": False}, [("disabled", ()), ("disabled", ())]),
        ({"enabled": False, "match": RequestMatcher(method="GET")}, [("disabled", ())]),
        ({"ttl_seconds": 60.0, "since": 940.0}, [("expired", (60.0,))]),
        ({"ttl_seconds": 60.0, "since": 941.0}, [("fired", (1, None))]),
    ],
    ids=str,
)
def test_verdict_has_the_first_reason(attributes: dict[str, Any], reasons: list[Any]) -> None:
    book = rule_book(rule(**attributes))
    verdicts = [book.fire(CREATE, CLOCK).verdicts for _ in reasons]
    assert [each.kept[0].reason for each in verdicts] == reasons
    assert {(each.omitted, len(each.kept)) for each in verdicts} == {(0, 1)}


def test_verdict_of_a_draw_has_the_number_that_was_drawn() -> None:
    book = rule_book(rule(probability=0.0))
    (verdict,) = book.fire(CREATE, CLOCK).verdicts.kept
    assert verdict.reason == ("probability", (0.0, book.draw("fires", "r", 1)))


def test_verdict_of_an_effect_that_is_not_due_has_its_window() -> None:
    book = rule_book(rule("r", CountingEffect()), rule("s", NeverDue()))
    assert [each.reason for each in book.fire(CREATE, CLOCK).verdicts.kept] == [
        ("within_limit", (1, 60.0)),
        ("within_limit", ()),
    ]


def test_verdicts_are_in_order_with_scope_and_end_with_the_rule_that_fires() -> None:
    own = UnboundRule(AlwaysDue(), {"name": "slow"}, enabled=False).bind("own", None)
    wide = (rule("wide"), rule("later"))
    trial = rule_book(own).fire(CREATE, CLOCK, wide)
    assert [(each.rule_id, each.name, each.scope, each.reason.outcome) for each in trial.verdicts.kept] == [
        ("own", "slow", "sandbox", "disabled"),
        ("wide", None, "server", "fired"),
    ]
    assert trial.match is not None
    assert trial.match.rule is wide[0]


@pytest.mark.parametrize(
    ("count", "kept", "omitted"), [(19, 19, 0), (20, 20, 0), (21, 20, 1), (500, 20, 480)]
)
@pytest.mark.parametrize("fires", [True, False])
def test_number_of_verdicts_is_limited_and_the_last_one_is_kept(
    count: int, kept: int, omitted: int, fires: bool
) -> None:
    rules = [rule(f"r{at}", enabled=False) for at in range(count - 1)] + [rule("last", enabled=fires)]
    verdicts = rule_book(*rules).fire(CREATE, CLOCK).verdicts
    assert (len(verdicts.kept), verdicts.omitted) == (kept, omitted)
    assert [each.rule_id for each in verdicts.kept] == [*(f"r{at}" for at in range(kept - 1)), "last"]
    assert verdicts.kept[-1].reason.outcome == ("fired" if fires else "disabled")


def test_rule_that_is_switched_off_counts_nothing_and_goes_on_where_it_was() -> None:
    book = rule_book(rule("r", skip=1, every=2, times=2), rule("s", enabled=False))
    assert firing_pattern(book, 4) == "..x."
    switched = book.switch("r", enabled=False)
    assert book.rules[0] is switched
    assert (switched.enabled, switched.document) == (False, {"enabled": False})
    assert firing_pattern(book, 5) == "....."
    assert (book.counters(switched).matched, book.counters(switched).fired) == (4, 1)
    book.switch("r", enabled=True)
    assert firing_pattern(book, 3) == "x.."


def test_switch_to_the_same_state_changes_nothing() -> None:
    book = rule_book(rule("r"))
    before = book.rules[0]
    assert book.switch("r", enabled=True) is before
    assert book.rules == (before,)


def written(**document: Any) -> UnboundRule:
    return UnboundRule(AlwaysDue(), document, enabled=document.get("enabled", True))


@pytest.mark.parametrize(
    ("before", "after", "keeps"),
    [
        ({"times": 3}, {"times": 3, "enabled": False}, True),
        ({"times": 3, "enabled": False}, {"times": 3, "enabled": True}, True),
        ({"times": 3, "enabled": False}, {"times": 3}, True),
        ({"times": 3, "enabled": False}, {"enabled": False, "times": 3}, True),
        ({"times": 3}, {"times": 3, "enabled": True}, True),
        ({"times": 3}, {"times": 3}, False),
        ({"times": 3}, {"times": 4, "enabled": False}, False),
        ({"times": 3}, {"enabled": False}, False),
        ({"enabled": False}, {"times": 3, "enabled": True}, False),
    ],
)
def test_change_of_enabled_alone_keeps_the_counters(
    before: dict[str, Any], after: dict[str, Any], keeps: bool
) -> None:
    old = written(**before).bind("r", None)
    book = rule_book(old)
    book.switch("r", enabled=True)
    firing_pattern(book, 3)
    if "enabled" in before:
        book.switch("r", enabled=before["enabled"])
    changed = book.change("r", written(**after), None)
    assert changed.document == after
    assert changed.enabled is after.get("enabled", True)
    assert book.counters(changed).matched == (3 if keeps else 0)
    assert (changed.life is old.life) is keeps
    assert old.life.has_ended is not keeps


def test_order_keeps_the_counters() -> None:
    book = rule_book(rule("a", times=2), rule("b", times=3), rule("c", times=1))
    assert firing_pattern(book, 3) == "xxx"
    rules = {each.id: each for each in book.rules}
    book.order(["c", "b", "a"])
    assert list(book.rules) == [rules["c"], rules["b"], rules["a"]]
    assert [match.rule.id for match in matches_of(book, 3)] == ["c", "b", "b"]


@pytest.mark.parametrize(
    ("order", "missing", "unknown", "repeated"),
    [
        ([], ["a", "b", "c"], [], []),
        (["a", "b"], ["c"], [], []),
        (["a", "b", "c", "d"], [], ["d"], []),
        (["a", "b", "c", "a"], [], [], ["a"]),
        (["a", "a", "x", "x", "y"], ["b", "c"], ["x", "y"], ["a", "x"]),
        (["A", "b", "c"], ["a"], ["A"], []),
    ],
)
def test_order_that_does_not_name_each_rule_once_is_refused(
    order: list[str], missing: list[str], unknown: list[str], repeated: list[str]
) -> None:
    book = rule_book(rule("a"), rule("b"), rule("c"))
    before = book.rules
    with pytest.raises(WrongOrder) as refused:
        book.order(order)
    assert (refused.value.missing, refused.value.unknown, refused.value.repeated) == (
        missing,
        unknown,
        repeated,
    )
    assert book.rules is before


def test_order_of_no_rules_is_empty() -> None:
    book = rule_book()
    book.order([])
    assert book.rules == ()


def test_counters_of_ended_server_wide_rules_are_forgotten() -> None:
    book = rule_book(rule("own", times=1))
    for number in range(50):
        wide = rule(f"wide-{number}", times=1)
        assert firing_pattern(book, 3, (wide,)) == ("xx." if number == 0 else "x..")
        wide.life.has_ended = True
    assert len(book.counted) <= 2
    assert book.counters(book.rules[0]).fired == 1


def test_revived_rules_keep_their_counters_in_lives_of_their_own() -> None:
    book = rule_book(rule("own", times=2), rule("idle", match=RequestMatcher(method="GET")))
    wide, ended = rule("wide", skip=9), rule("ended", skip=9)
    assert firing_pattern(book, 3, (wide, ended)) == "xx."
    ended.life.has_ended = True
    rules, counters = revived(book.rules, book.counted)
    assert rules == book.rules
    assert {each.life for each in rules}.isdisjoint(each.life for each in book.rules)
    assert [(each.rule.id, each.matched, each.fired) for each in counters] == [("own", 3, 2), ("wide", 1, 0)]
    assert counters[0].rule is rules[0]
    assert counters[1].rule is wide
    again = Book(0, "me", 10, rules, counters=counters)
    assert firing_pattern(again, 1) == "."
    assert again.counters(wide).matched == 1
    assert again.counters(rules[1]) == RuleCounters(rules[1])
