"""The rules of one sandbox, in order, and what each has counted."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.world.clock import Clock
from sandbox.world.draws import draw_bits, draw_unit
from sandbox.world.errors import RulesFull, RulesTooLarge, UnknownRule, WrongOrder
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rules import RateWindow, Rule, RuleCounters, RuleMatch, Trial, UnboundRule
from sandbox.world.verdict import MAX_VERDICTS, Reason, Scope, Verdict, Verdicts

_LOOKED_AT = frozenset({"fired", "within_limit", "skip", "every", "probability"})
"""The outcomes for a call that a rule might have limited. Others say that it limits nothing, or nothing any more."""


class RuleBook:
    """The rules of one sandbox, in order, and their counters.

    ``key`` names the sandbox in the draws. Server-wide rules have counters in each sandbox, so that no sandbox takes a
    fault away from another. ``id_prefix`` is that of the ids: ``rule-1``, ``rule-2`` and so on for ``rule``. There are
    at most ``capacity`` rules, which occupy at most ``max_bytes`` of memory.

    Whoever changes a book first asks it for the changed rules or counters, and then sets them: in between they may be
    written elsewhere. Writers take turns.
    """

    __slots__ = ("_counters", "_id_prefix", "_key", "_max_bytes", "_seed", "capacity", "rules")

    def __init__(
        self,
        seed: int,
        key: str,
        capacity: int,
        rules: Iterable[Rule] = (),
        id_prefix: str = "rule",
        counters: Iterable[RuleCounters] = (),
        max_bytes: float = math.inf,
    ) -> None:
        self._seed = seed
        self._key = key
        self._id_prefix = id_prefix
        self._counters = {each.rule.life: each for each in counters}
        self._max_bytes = max_bytes
        self.capacity = capacity
        self.rules = tuple(rules)

    def get(self, rule_id: str) -> Rule:
        """Return the rule of this id. Raises UnknownRule."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise UnknownRule(rule_id)

    def with_added(self, unbound: UnboundRule, since: float | None) -> tuple[Rule, ...]:
        """Return the rules, and ``unbound`` behind them under a new id. Raises RulesFull and RulesTooLarge."""
        check_room((*self.rules, unbound), self.capacity, self._max_bytes)
        suffixes = (rule.id.removeprefix(f"{self._id_prefix}-") for rule in self.rules)
        number = 1 + max((int(suffix) for suffix in suffixes if suffix.isdigit()), default=0)
        return (*self.rules, unbound.bind(f"{self._id_prefix}-{number}", since))

    def with_replaced(self, unbound: Iterable[UnboundRule], since: float | None) -> tuple[Rule, ...]:
        """Return new rules. They are counted from zero. Raises RulesFull and RulesTooLarge."""
        rules = bind_all(unbound, self._id_prefix, since)
        check_room(rules, self.capacity, self._max_bytes)
        return rules

    def with_changed(
        self, rule_id: str, unbound: UnboundRule, since: float | None
    ) -> tuple[tuple[Rule, ...], Rule]:
        """Return the rules with another one of this id, and that one, which is counted from zero.

        If the two differ in ``enabled`` alone, the rule is switched and keeps its counters. Raises UnknownRule and
        RulesTooLarge.
        """
        old = self.get(rule_id)
        if _is_switch(old, unbound):
            new = replace(old, enabled=unbound.enabled, document=unbound.document)
            return self._with(new), new
        new = unbound.bind(rule_id, since)
        rules = self._with(new)
        check_room(rules, self.capacity, self._max_bytes)
        return rules, new

    def with_switched(self, rule_id: str, *, enabled: bool) -> tuple[tuple[Rule, ...], Rule]:
        """Return the rules with one switched on or off, and that one. It keeps its counters. Raises UnknownRule."""
        switched = self.get(rule_id).switched(enabled=enabled)
        return self._with(switched), switched

    def with_order(self, rule_ids: Sequence[str]) -> tuple[Rule, ...]:
        """Return the rules in the order of ``rule_ids``. They keep their counters. Raises WrongOrder."""
        by_id = {rule.id: rule for rule in self.rules}
        named = dict.fromkeys(rule_ids)
        if len(named) < len(rule_ids) or named.keys() != by_id.keys():
            raise WrongOrder(rule_ids, list(by_id))
        return tuple(by_id[rule_id] for rule_id in rule_ids)

    def without(self, rule_id: str) -> tuple[Rule, ...]:
        """Return the other rules. Raises UnknownRule."""
        removed = self.get(rule_id)
        return tuple(rule for rule in self.rules if rule is not removed)

    def install(self, rules: tuple[Rule, ...]) -> None:
        """Put ``rules`` in the place of those of now. A rule whose life is none of theirs has ended."""
        lives = {rule.life for rule in rules}
        for old in self.rules:
            if old.life not in lives:
                old.life.has_ended = True
                self._counters.pop(old.life, None)
        for rule in rules:
            rule.life.is_suspended = not rule.enabled
        self.rules = rules

    def counters(self, rule: Rule) -> RuleCounters:
        """Return the counters of a rule. A rule that replaced another one is counted from zero."""
        counters = self._counters.get(rule.life)
        if counters is None:
            return RuleCounters(rule)
        return counters if counters.rule is rule else replace(counters, rule=rule)

    @property
    def counted(self) -> tuple[RuleCounters, ...]:
        """The counters of the rules, and of server-wide ones, that have counted a call."""
        return tuple(self._counters.values())

    def try_all(
        self, request: RequestInfo, clock: Clock, server_rules: Collection[Rule] = ()
    ) -> tuple[Trial, tuple[RuleCounters, ...]]:
        """Try the rules in order, the book's own before ``server_rules``, until one matches ``request`` and fires.

        Return also the counters of the rules that have counted the call, which :meth:`count` sets.
        """
        tried: list[tuple[Scope, Rule, Reason | None]] = []
        counted: list[RuleCounters] = []
        looking: list[RuleMatch] = []
        omitted = 0
        fired = None
        for scope, rule in self._scoped(server_rules):
            reason = None
            if rule.enabled and rule.match.matches(request):
                now = clock.time()
                reason, counters = self._count(self.counters(rule), now)
                counted.append(counters)
                match = RuleMatch(rule, counters.matched, now, counters.window)
                if reason.outcome in _LOOKED_AT:
                    looking.append(match)
                if reason.outcome == "fired":
                    fired = match
            if len(tried) == MAX_VERDICTS:
                tried.pop()
                omitted += 1
            tried.append((scope, rule, reason))
            if fired is not None:
                break
        # Of many rules most are left out, so the reasons of those that did not match are only made here.
        kept = [
            Verdict(rule.id, rule.name, scope, reason or _difference(rule, request))
            for scope, rule, reason in tried
        ]
        return Trial(fired, Verdicts(tuple(kept), omitted), tuple(looking)), tuple(counted)

    def count(self, counted: Iterable[RuleCounters]) -> None:
        """Set the counters of rules, and add what server-wide rules have counted to their tallies."""
        for counters in counted:
            rule = counters.rule
            if rule.tally is not None:
                before = self.counters(rule)
                rule.tally.add(counters.matched - before.matched, counters.fired - before.fired)
            self._counters[rule.life] = counters

    def forget_ended(self, live: int) -> None:
        """Forget the counters of server-wide rules that have ended, if there are more counters than ``live`` rules."""
        if len(self._counters) > live:
            self._counters = {
                life: counters for life, counters in self._counters.items() if not life.has_ended
            }

    def draw(self, kind: str, rule_id: str, match_number: int) -> float:
        """Return a number from 0 to below 1 that belongs to a match: the same for the same seed, sandbox and calls."""
        return draw_unit(self._seed, kind, self._key, rule_id, match_number)

    def draw_bytes(self, count: int, rule_id: str, match_number: int) -> bytes:
        """Return ``count`` bytes, at most 256, that belong to a match."""
        blocks = (
            draw_bits(self._seed, "bytes", self._key, rule_id, match_number, block).to_bytes(32, "big")
            for block in range(8)
        )
        return b"".join(blocks)[:count]

    def _with(self, rule: Rule) -> tuple[Rule, ...]:
        """Return the rules, with ``rule`` in the place of the one with its id."""
        return tuple(rule if other.id == rule.id else other for other in self.rules)

    def _scoped(self, server_rules: Iterable[Rule]) -> Iterator[tuple[Scope, Rule]]:
        """Yield the rules in the order in which they are tried."""
        for rule in self.rules:
            yield "sandbox", rule
        for rule in server_rules:
            yield "server", rule

    def _count(self, counters: RuleCounters, now: float) -> tuple[Reason, RuleCounters]:
        """Return why the rule fires for its next matching call, or why not, and its counters after that call."""
        rule, since = counters.rule, counters.since
        if since is None:
            since = now if rule.since is None else rule.since
        if rule.ttl_seconds is not None and now >= since + rule.ttl_seconds:
            return Reason("expired", (rule.ttl_seconds,)), replace(counters, since=since)
        matched, fired, window = counters.matched + 1, counters.fired, counters.window
        reason = self._objection(rule, matched, fired)
        if reason is None:
            is_due, window = rule.effect.due(window, now)
            fired += is_due
            reason = Reason("fired", (fired, rule.times)) if is_due else _within_limit(window)
        return reason, RuleCounters(rule, matched, fired, since, window)

    def _objection(self, rule: Rule, matched: int, fired: int) -> Reason | None:
        """Return what speaks against firing for the ``matched``-th matching call, after ``fired`` firings."""
        number = matched - rule.skip
        if number <= 0:
            return Reason("skip", (matched, rule.skip))
        if rule.times is not None and fired >= rule.times:
            return Reason("times", (rule.times,))
        if number % rule.every:
            return Reason("every", (number % rule.every, rule.every))
        if rule.probability < 1:
            drawn = self.draw("fires", rule.id, matched)
            if drawn >= rule.probability:
                return Reason("probability", (rule.probability, drawn))
        return None


def _difference(rule: Rule, request: RequestInfo) -> Reason:
    """Return why a rule was not tried further: it is off, or does not match."""
    return (rule.match.mismatch(request) if rule.enabled else None) or Reason("disabled")


def _within_limit(window: RateWindow | None) -> Reason:
    return Reason("within_limit", () if window is None else (window.calls, window.ends - window.began))


def _is_switch(rule: Rule, unbound: UnboundRule) -> bool:
    """Return whether ``unbound`` switches ``rule`` and changes nothing else, or says that it is as it is already."""
    if "enabled" not in unbound.document and unbound.enabled == rule.enabled:
        return False
    return _without_enabled(rule.document) == _without_enabled(unbound.document)


def _without_enabled(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "enabled"}


def revived(
    rules: Iterable[Rule], counters: Iterable[RuleCounters]
) -> tuple[tuple[Rule, ...], list[RuleCounters]]:
    """Return the rules of a state with lives of their own, and the counters of these rules.

    The counters of server-wide rules are kept too, unless the rule has ended since.
    """
    by_life = {rule.life: rule.revived() for rule in rules}
    kept = [
        replace(each, rule=by_life.get(each.rule.life, each.rule))
        for each in counters
        if each.rule.life in by_life or not each.rule.life.has_ended
    ]
    return tuple(by_life.values()), kept


def check_room(rules: Sequence[UnboundRule], capacity: int, max_bytes: float) -> None:
    """Check that there are at most ``capacity`` rules, in ``max_bytes`` of memory. Raises RulesFull, RulesTooLarge."""
    if len(rules) > capacity:
        raise RulesFull(capacity)
    if sum(rule.size for rule in rules) > max_bytes:
        raise RulesTooLarge(max_bytes)


def bind_all(unbound: Iterable[UnboundRule], id_prefix: str, since: float | None) -> tuple[Rule, ...]:
    """Return the rules with the ids ``rule-1``, ``rule-2`` and so on, where the prefix is ``rule``."""
    return tuple(each.bind(f"{id_prefix}-{number}", since) for number, each in enumerate(unbound, 1))
