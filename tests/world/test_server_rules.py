"""The rules that apply in every sandbox."""

from collections.abc import Callable

import pytest

from sandbox.world.clock import Clock
from sandbox.world.errors import RulesFull, UnknownRule, WrongOrder
from sandbox.world.rules import Rule
from sandbox.world.server_rules import ServerRules
from tests.world.harness import CREATE, Book, unbound

GENERATION = 0


COMMAND_LINE = (unbound().bind("command-line-error", None), unbound().bind("command-line-latency", None))


class ServerRulesHarness:
    """Server-wide rules. ``woken`` are the ids of the rules whose calls were woken."""

    def __init__(self, count: int = 0, capacity: int = 3, command_line: tuple[Rule, ...] = ()) -> None:
        self.woken: list[str] = []
        self._added: list[Rule] = []
        self.rules = ServerRules(capacity, self._wake, command_line)
        self._added += [self.rules.add_rule(GENERATION, unbound()) for _ in range(count)]

    def _wake(self) -> None:
        self.woken += [rule.id for rule in self._added if not rule.life.delays_calls]

    @property
    def ids(self) -> list[str]:
        return [rule.id for rule in self.rules.rules]


def test_there_are_no_rules_at_first() -> None:
    rules = ServerRulesHarness().rules
    assert rules.all == rules.rules == ()


def test_server_wide_rules_come_before_those_of_the_command_line() -> None:
    harness = ServerRulesHarness(command_line=COMMAND_LINE)
    assert harness.rules.all == COMMAND_LINE
    first = harness.rules.add_rule(GENERATION, unbound(times=1))
    second = harness.rules.add_rule(GENERATION, unbound(times=2))
    assert list(harness.rules.all) == [first, second, *COMMAND_LINE]
    assert list(harness.rules.rules) == [first, second]


def test_rules_are_numbered_from_one() -> None:
    harness = ServerRulesHarness(2)
    assert harness.ids == ["server-rule-1", "server-rule-2"]
    harness.rules.replace_rules(GENERATION, [unbound()])
    assert harness.ids == ["server-rule-1"]
    assert harness.rules.add_rule(GENERATION, unbound()).id == "server-rule-2"


def test_time_to_live_counts_in_each_sandbox_from_its_first_matching_call() -> None:
    harness = ServerRulesHarness(1)
    harness.rules.change_rule(GENERATION, "server-rule-1", unbound(ttl_seconds=5.0))
    harness.rules.add_rule(GENERATION, unbound())
    assert [rule.since for rule in harness.rules.rules] == [None, None]
    harness.rules.replace_rules(GENERATION, [unbound()])
    assert [rule.since for rule in harness.rules.rules] == [None]


def test_get_rule_returns_server_wide_rules_only() -> None:
    rules = ServerRulesHarness(2, command_line=COMMAND_LINE).rules
    assert rules.get_rule("server-rule-2") is rules.rules[1]
    with pytest.raises(UnknownRule):
        rules.get_rule("command-line-error")


def test_change_rule_replaces_the_rule_at_its_place() -> None:
    harness = ServerRulesHarness(2)
    changed = harness.rules.change_rule(GENERATION, "server-rule-1", unbound(times=5))
    assert changed.times == 5
    assert harness.rules.rules[0] is changed
    assert harness.ids == ["server-rule-1", "server-rule-2"]


def test_switch_rule_and_order_rules_keep_the_life_of_a_rule() -> None:
    harness = ServerRulesHarness(2)
    first = harness.rules.rules[0]
    switched = harness.rules.switch_rule(GENERATION, "server-rule-1", enabled=False)
    harness.rules.order_rules(GENERATION, ["server-rule-2", "server-rule-1"])
    assert harness.ids == ["server-rule-2", "server-rule-1"]
    assert harness.rules.rules[1] is switched
    assert (switched.life is first.life, switched.enabled) == (True, False)


def test_remove_rule_removes_the_rule() -> None:
    harness = ServerRulesHarness(2)
    harness.rules.remove_rule(GENERATION, "server-rule-1")
    assert harness.ids == ["server-rule-2"]


@pytest.mark.parametrize(
    ("action", "woken"),
    [
        (lambda rules: rules.add_rule(GENERATION, unbound()), []),
        (lambda rules: rules.replace_rules(GENERATION, [unbound()]), ["server-rule-1", "server-rule-2"]),
        (lambda rules: rules.replace_rules(GENERATION, ()), ["server-rule-1", "server-rule-2"]),
        (lambda rules: rules.change_rule(GENERATION, "server-rule-2", unbound()), ["server-rule-2"]),
        (lambda rules: rules.remove_rule(GENERATION, "server-rule-1"), ["server-rule-1"]),
        (lambda rules: rules.switch_rule(GENERATION, "server-rule-1", enabled=False), ["server-rule-1"]),
        (lambda rules: rules.switch_rule(GENERATION, "server-rule-1", enabled=True), []),
        (lambda rules: rules.order_rules(GENERATION, ["server-rule-2", "server-rule-1"]), []),
    ],
    ids=["add", "replace", "clear", "change", "remove", "switch off", "switch on", "order"],
)
def test_exactly_the_calls_of_replaced_rules_are_woken(
    action: Callable[[ServerRules], object], woken: list[str]
) -> None:
    harness = ServerRulesHarness(2)
    action(harness.rules)
    assert harness.woken == woken


def test_calls_are_woken_after_the_rule_has_changed() -> None:
    """A call between the two would still be delayed by the old rule, and nothing would wake it."""
    seen: list[list[str]] = []
    rules = ServerRules(3, lambda: seen.append([rule.id for rule in rules.rules]))
    rules.add_rule(GENERATION, unbound())
    rules.remove_rule(GENERATION, "server-rule-1")
    assert seen[-1] == []


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (lambda rules: rules.add_rule(GENERATION, unbound()), RulesFull),
        (lambda rules: rules.replace_rules(GENERATION, [unbound()] * 4), RulesFull),
        (lambda rules: rules.change_rule(GENERATION, "server-rule-9", unbound()), UnknownRule),
        (lambda rules: rules.remove_rule(GENERATION, "server-rule-9"), UnknownRule),
        (lambda rules: rules.remove_rule(GENERATION, "command-line-error"), UnknownRule),
        (lambda rules: rules.switch_rule(GENERATION, "command-line-error", enabled=False), UnknownRule),
        (lambda rules: rules.order_rules(GENERATION, ["server-rule-1"]), WrongOrder),
    ],
    ids=["add", "replace", "change", "remove", "remove from the command line", "switch", "order"],
)
def test_refused_change_wakes_nothing_and_changes_nothing(
    action: Callable[[ServerRules], object], error: type[Exception]
) -> None:
    harness = ServerRulesHarness(3, capacity=3, command_line=COMMAND_LINE)
    before = harness.rules.all
    with pytest.raises(error):
        action(harness.rules)
    assert harness.rules.all == before
    assert harness.woken == []


def test_rules_of_the_command_line_do_not_count_towards_capacity() -> None:
    harness = ServerRulesHarness(capacity=1, command_line=COMMAND_LINE)
    harness.rules.add_rule(GENERATION, unbound())
    with pytest.raises(RulesFull) as refused:
        harness.rules.add_rule(GENERATION, unbound())
    assert refused.value.capacity == 1


def test_generation_never_changes() -> None:
    harness = ServerRulesHarness(1)
    harness.rules.replace_rules(GENERATION, ())
    assert harness.rules.generation == GENERATION


def test_counters_are_the_sums_over_all_sandboxes() -> None:
    harness = ServerRulesHarness(1, capacity=3)
    limited, after = harness.rules.rules[0], harness.rules.add_rule(GENERATION, unbound(skip=1, times=2))
    harness.rules.change_rule(GENERATION, limited.id, unbound(times=1))
    clock = Clock(lambda: 1000.0)
    for sandbox in "abc":
        book = Book(0, sandbox, 5)
        for _ in range(4):
            book.fire(CREATE, clock, harness.rules.all)
    first, second = (harness.rules.counters(rule) for rule in harness.rules.rules)
    assert (first.matched, first.fired) == (12, 3)
    assert (second.matched, second.fired) == (9, 6)
    assert second.rule is after


def test_expired_rule_counts_nothing() -> None:
    harness = ServerRulesHarness()
    rule = harness.rules.add_rule(GENERATION, unbound(ttl_seconds=5.0))
    now = [1000.0]
    book = Book(0, "a", 5)
    for now[0] in (1000.0, 1004.0, 1005.0, 1006.0):
        book.fire(CREATE, Clock(lambda: now[0]), harness.rules.all)
    assert harness.rules.counters(rule).matched == 2


def test_rule_of_the_command_line_has_no_counters_of_all_sandboxes() -> None:
    rule = Rule(unbound().effect, {}, id="command-line-error")
    harness = ServerRulesHarness(command_line=(rule,))
    Book(0, "a", 5).fire(CREATE, Clock(lambda: 1000.0), harness.rules.all)
    assert (harness.rules.counters(rule).matched, harness.rules.counters(rule).fired) == (0, 0)
