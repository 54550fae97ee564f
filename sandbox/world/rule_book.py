"""The rules of one sandbox, in order, and what each has counted."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

from sandbox.world.clock import Clock
from sandbox.world.draws import draw_bits, draw_unit
from sandbox.world.errors import RulesFull, RulesTooLarge, UnknownRule, WrongOrder
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rules import RateWindow, Rule, RuleCounters, RuleMatch, Trial, UnboundRule
from sandbox.world.verdict import MAX_VERDICTS, Reason, Scope, Verdict, Verdicts


class RuleBook:
    """The rules of one sandbox, in order, and their counters.

    ``key`` names the sandbox in the draws. Server-wide rules have counters in each sandbox, so that no sandbox takes a
    fault away from another. ``id_prefix`` is that of the ids: ``rule-1``, ``rule-2`` and so on for ``rule``. There are
    at most ``capacity`` rules, which occupy at most ``max_bytes`` of memory.
    """

    __slots__ = ("_counters", "_id_prefix", "_key", "_lock", "_max_bytes", "_seed", "capacity", "rules")

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
        self._lock = Lock()
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

    def add(self, unbound: UnboundRule, since: float | None) -> Rule:
        """Add a rule behind the others under a new id, and return it. Raises RulesFull and RulesTooLarge."""
        with self._lock:
            check_room((*self.rules, unbound), self.capacity, self._max_bytes)
            suffixes = (rule.id.removeprefix(f"{self._id_prefix}-") for rule in self.rules)
            number = 1 + max((int(suffix) for suffix in suffixes if suffix.isdigit()), default=0)
            rule = unbound.bind(f"{self._id_prefix}-{number}", since)
            self.rules = (*self.rules, rule)
            return rule

    def replace(self, unbound: Iterable[UnboundRule], since: float | None) -> None:
        """Replace all rules. The new ones are counted from zero. Raises RulesFull and RulesTooLarge."""
        with self._lock:
            rules = bind_all(unbound, self._id_prefix, since)
            check_room(rules, self.capacity, self._max_bytes)
            for rule in self.rules:
                self._end(rule)
            self.rules = rules

    def change(self, rule_id: str, unbound: UnboundRule, since: float | None) -> Rule:
        """Replace the rule of this id, and return the new one, which is counted from zero.

        If the two differ in ``enabled`` alone, the rule is switched and keeps its counters. Raises UnknownRule and
        RulesTooLarge.
        """
        with self._lock:
            old = self.get(rule_id)
            if _is_switch(old, unbound):
                return self._put(replace(old, enabled=unbound.enabled, document=unbound.document))
            new = unbound.bind(rule_id, since)
            check_room([new if rule is old else rule for rule in self.rules], self.capacity, self._max_bytes)
            self._end(old)
            return self._put(new)

    def switch(self, rule_id: str, *, enabled: bool) -> Rule:
        """Switch a rule on or off, and return it. It keeps its counters. Raises UnknownRule."""
        with self._lock:
            return self._put(self.get(rule_id).switched(enabled=enabled))

    def order(self, rule_ids: Sequence[str]) -> None:
        """Put the rules in the order of ``rule_ids``. They keep their counters. Raises WrongOrder."""
        with self._lock:
            by_id = {rule.id: rule for rule in self.rules}
            named = dict.fromkeys(rule_ids)
            if len(named) < len(rule_ids) or named.keys() != by_id.keys():
                raise WrongOrder(rule_ids, list(by_id))
            self.rules = tuple(by_id[rule_id] for rule_id in rule_ids)

    def remove(self, rule_id: str) -> None:
        """Remove a rule. Raises UnknownRule."""
        with self._lock:
            self._end(self.get(rule_id))
            self.rules = tuple(rule for rule in self.rules if rule.id != rule_id)

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

    def fire(self, request: RequestInfo, clock: Clock, server_rules: Collection[Rule] = ()) -> Trial:
        """Try the rules in order, the book's own before ``server_rules``, until one matches ``request`` and fires."""
        tried: list[tuple[Scope, Rule, Reason | None]] = []
        counting: list[RuleMatch] = []
        omitted = 0
        fired = None
        with self._lock:
            for scope, rule in self._scoped(server_rules):
                reason = None
                if rule.enabled and rule.match.matches(request):
                    reason, match = self._count_match(rule, clock.time())
                    if match.window is not None:
                        counting.append(match)
                    if reason.outcome == "fired":
                        fired = match
                if len(tried) == MAX_VERDICTS:
                    tried.pop()
                    omitted += 1
                tried.append((scope, rule, reason))
                if fired is not None:
                    break
            self._forget_ended(len(self.rules) + len(server_rules))
        # Of many rules most are left out, so the reasons of those that did not match are only made here.
        kept = [
            Verdict(rule.id, rule.name, scope, reason or _difference(rule, request))
            for scope, rule, reason in tried
        ]
        return Trial(fired, Verdicts(tuple(kept), omitted), tuple(counting))

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

    def _put(self, rule: Rule) -> Rule:
        """Put a rule in the place of the one with its id, and return it."""
        rule.life.is_suspended = not rule.enabled
        self.rules = tuple(rule if other.id == rule.id else other for other in self.rules)
        return rule

    def _end(self, rule: Rule) -> None:
        rule.life.has_ended = True
        self._counters.pop(rule.life, None)

    def _forget_ended(self, live: int) -> None:
        """Forget the counters of server-wide rules that have ended, if there are more counters than ``live`` rules."""
        if len(self._counters) > live:
            self._counters = {
                life: counters for life, counters in self._counters.items() if not life.has_ended
            }

    def _scoped(self, server_rules: Iterable[Rule]) -> Iterator[tuple[Scope, Rule]]:
        """Yield the rules in the order in which they are tried."""
        for rule in self.rules:
            yield "sandbox", rule
        for rule in server_rules:
            yield "server", rule

    def _count_match(self, rule: Rule, now: float) -> tuple[Reason, RuleMatch]:
        """Count a matching call, and return why the rule fires for it, or why not.

        The match has a window if the effect counted the call.
        """
        counted = self.counters(rule)
        reason, counters = self._count(counted, now)
        self._counters[rule.life] = counters
        if rule.tally is not None:
            rule.tally.add(counters.matched - counted.matched, counters.fired - counted.fired)
        counts = reason.outcome in ("fired", "within_limit")
        return reason, RuleMatch(rule, counters.matched, now, counters.window if counts else None)

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
