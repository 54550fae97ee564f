"""The rules of a checkpoint continue those of an older copy that are still there."""

from typing import Any

from sandbox.engines.valkey.continuation import continue_rules
from sandbox.faults.rule_document import RULE
from sandbox.world.rule_book import RuleBook
from sandbox.world.rules import Rule, RuleCounters

HANG = {"fault": {"type": "hang"}}


def rule(rule_id: str, since: float, **document: Any) -> Rule:
    loaded: Rule = RULE.load(HANG | document).bind(rule_id, since)
    return loaded


def book(*rules: Rule, counters: tuple[RuleCounters, ...] = ()) -> RuleBook:
    return RuleBook(1, "me", 10, rules, counters=counters)


def test_rule_that_is_still_there_keeps_its_life_and_has_the_newer_counters() -> None:
    old, new = rule("rule-1", 5.0), rule("rule-1", 5.0)
    before = book(old, counters=(RuleCounters(old, 1, 1),))
    after = book(new, counters=(RuleCounters(new, 3, 2),))
    continue_rules(after, before)
    (kept,) = after.rules
    assert kept.life is old.life
    assert not kept.life.has_ended
    assert (after.counters(kept).matched, after.counters(kept).fired) == (3, 2)
    assert len(after.counted) == 1


def test_rule_that_is_gone_or_was_replaced_has_ended() -> None:
    gone, replaced = rule("rule-1", 5.0), rule("rule-2", 5.0)
    after = book(rule("rule-2", 6.0))
    continue_rules(after, book(gone, replaced))
    assert gone.life.has_ended
    assert replaced.life.has_ended
    assert not after.rules[0].life.has_ended


def test_rule_that_was_switched_off_and_moved_keeps_its_life() -> None:
    first, second = rule("rule-1", 5.0), rule("rule-2", 5.0)
    after = book(rule("rule-2", 5.0, enabled=False), rule("rule-1", 5.0))
    continue_rules(after, book(first, second))
    assert [each.life for each in after.rules] == [second.life, first.life]
    assert not second.life.delays_calls
    assert first.life.delays_calls


def test_counters_of_rules_of_the_server_stay() -> None:
    of_server = rule("server-1", 5.0)
    after = book(rule("rule-1", 5.0), counters=(RuleCounters(of_server, 4, 0),))
    continue_rules(after, book(rule("rule-1", 5.0)))
    assert after.counters(of_server).matched == 4
