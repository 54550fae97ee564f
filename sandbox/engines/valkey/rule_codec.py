"""Rules and their counters as JSON values."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sandbox.engines.valkey.server_rule_numbers import ServerRuleNumbers
from sandbox.faults.rule_document import RULE
from sandbox.world.rules import RateWindow, Rule, RuleCounters, UnboundRule

Counted = list[tuple[Any, ...]]
"""Shape: place or number of the rule, matched, fired, since, and the window if there is one."""


def encode_rules(rules: Iterable[Rule]) -> list[list[Any]]:
    """Return the rules: the id, the time from which the time to live counts, and the document of each."""
    return [[rule.id, rule.since, rule.document] for rule in rules]


def decode_rules(values: Iterable[list[Any]]) -> tuple[Rule, ...]:
    """Return rules with lives of their own."""
    return tuple(_rule(*value) for value in values)


def encode_rules_after(rules: Iterable[Rule], before: tuple[Rule, ...]) -> list[Any]:
    """Return the rules that take the place of those ``before``.

    Each is the place that the same rule had, or a list: the place of the rule whose life it continues (or None), and
    what :func:`encode_rules` returns for it.
    """
    places = {rule.life: place for place, rule in enumerate(before)}
    encoded: list[Any] = []
    for rule in rules:
        place = places.get(rule.life)
        is_same = place is not None and before[place] is rule
        encoded.append(place if is_same else [place, rule.id, rule.since, rule.document])
    return encoded


def decode_rules_after(values: Iterable[Any], before: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return the rules that take the place of those ``before``. Rules that are kept keep their lives."""
    return tuple(_rule_after(value, before) for value in values)


def encode_counters(
    counters: Iterable[RuleCounters], rules: Iterable[Rule], numbers: ServerRuleNumbers
) -> tuple[Counted, Counted]:
    """Return the counters of ``rules`` by their places, and those of server-wide rules by their numbers.

    Those of server-wide rules that have ended are left out.
    """
    own: Counted = []
    of_server: Counted = []
    places = {rule.life: place for place, rule in enumerate(rules)}
    for each in counters:
        place = places.get(each.rule.life)
        if place is not None:
            own.append(_counted(place, each))
        elif not each.rule.life.has_ended:
            of_server.append(_counted(numbers.number_of(each.rule), each))
    return own, of_server


def decode_counters(values: Iterable[list[Any]], rules: tuple[Rule, ...]) -> Iterator[RuleCounters]:
    """Yield the counters of ``rules`` by their places."""
    for place, *counted in values:
        yield counters_of(rules[place], *counted)


def counters_of(
    rule: Rule, matched: int, fired: int, since: float | None, window: list[Any] | None = None
) -> RuleCounters:
    """Return the counters of ``rule``."""
    return RuleCounters(rule, matched, fired, since, None if window is None else RateWindow(*window))


def _counted(key: int, each: RuleCounters) -> tuple[Any, ...]:
    counted = key, each.matched, each.fired, each.since
    return counted if each.window is None else (*counted, each.window)


def _rule(rule_id: str, since: float | None, document: dict[str, Any]) -> Rule:
    # The server has written it, but only the schema makes an effect of it.
    unbound: UnboundRule = RULE.load(document)
    return unbound.bind(rule_id, since)


def _rule_after(value: Any, before: tuple[Rule, ...]) -> Rule:
    if isinstance(value, int):
        return before[value]
    place, *described = value
    rule = _rule(*described)
    return rule if place is None else replace(rule, life=before[place].life)
