"""When something goes wrong: rules, and the book that decides which one fires. What goes wrong is not known here."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, NamedTuple, Protocol

from sandbox.world.clock import Clock
from sandbox.world.draws import draw_bits, draw_unit
from sandbox.world.errors import RulesFull, UnknownRule


class RequestInfo(Protocol):
    """What a rule may ask of a call. ``query`` and ``body`` are its attributes as text."""

    @property
    def operation(self) -> str | None: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> Mapping[str, str]: ...


@dataclass(slots=True)
class RuleCounters:
    """What a book remembers of ``rule``: how often it matched and fired, and what its effect counts (``window``)."""

    rule: "Rule | None" = None
    matched: int = 0
    fired: int = 0
    since: float | None = None
    window: dict[str, float] = field(default_factory=dict)


class Effect(Protocol):
    """What a rule does when it fires."""

    def due(self, counters: RuleCounters, now: float) -> bool:
        """Whether the effect is due for this call, at ``now`` on the sandbox's clock."""
        ...


@dataclass(frozen=True, slots=True)
class RequestMatcher:
    """Which calls a rule is about. All that is given must hold; nothing given means every ``/v1`` call.

    ``path`` is a glob (``*`` stands for anything, ``/`` included). Attributes of ``query`` and ``body`` must be equal.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    def matches(self, request: RequestInfo) -> bool:
        """Whether the rule is about this call."""
        return (
            (self.operation is None or self.operation == request.operation)
            and (self.method is None or self.method == request.method)
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (not self.query or self.query.items() <= request.query.items())
            and (not self.body or self.body.items() <= request.body.items())
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """When ``effect`` happens.

    The first ``skip`` matching calls pass; then it fires on every ``every``-th, with ``probability`` (0 to 1), at most
    ``times`` times (None: without end), for ``ttl_seconds`` (None: without end) on the sandbox's clock from ``since``
    (None: from the first call of the sandbox that matches, whatever its clock shows). ``document`` is the rule as it
    was written.
    """

    id: str
    effect: Effect
    document: Mapping[str, Any]
    match: RequestMatcher = RequestMatcher()
    skip: int = 0
    every: int = 1
    times: int | None = None
    probability: float = 1.0
    ttl_seconds: float | None = None
    since: float | None = None


class RuleMatch(NamedTuple):
    """A rule that fired, and for which of its matching calls, counted from 1: the key of its draws."""

    rule: Rule
    match_number: int


class RuleBook:
    """The rules of one sandbox, in order, and how often they matched and fired here.

    ``key`` names the sandbox in the draws. Server-wide rules are counted in each sandbox by itself, so that no sandbox
    can take a fault away from another.
    """

    __slots__ = ("_counters", "_key", "_lock", "_seed", "rules")

    def __init__(self, seed: int, key: str, rules: Iterable[Rule] = ()) -> None:
        self._seed = seed
        self._key = key
        self._lock = Lock()
        self._counters: dict[str, RuleCounters] = {}
        self.rules = tuple(rules)

    def get(self, rule_id: str) -> Rule:
        """The rule of this id. Raises UnknownRule."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise UnknownRule(rule_id)

    def add(self, make: Callable[[str], Rule], prefix: str, capacity: int) -> Rule:
        """Put the rule that ``make`` answers for a new id, ``rule-3`` where the prefix is ``rule``, behind the others.

        Raises RulesFull where there are ``capacity`` already.
        """
        with self._lock:
            if len(self.rules) >= capacity:
                raise RulesFull(capacity)
            rests = (rule.id.removeprefix(f"{prefix}-") for rule in self.rules)
            number = 1 + max((int(rest) for rest in rests if rest.isdigit()), default=0)
            rule = make(f"{prefix}-{number}")
            self.rules = (*self.rules, rule)
            return rule

    def replace(self, rules: Iterable[Rule]) -> None:
        """Put ``rules`` in the place of all, and count anew."""
        with self._lock:
            for rule in self.rules:
                self._counters.pop(rule.id, None)
            self.rules = tuple(rules)

    def change(self, rule: Rule) -> None:
        """Put ``rule`` in the place of the one with its id, and count it anew. Raises UnknownRule."""
        with self._lock:
            self.get(rule.id)
            self.rules = tuple(rule if other.id == rule.id else other for other in self.rules)

    def remove(self, rule_id: str) -> None:
        """Take a rule out. Raises UnknownRule."""
        with self._lock:
            self.get(rule_id)
            self.rules = tuple(rule for rule in self.rules if rule.id != rule_id)
            self._counters.pop(rule_id, None)

    def counters(self, rule: Rule) -> RuleCounters:
        """How often a rule matched and fired here. A rule that took another's place counts from zero."""
        counters = self._counters.get(rule.id)
        return counters if counters is not None and counters.rule is rule else RuleCounters(rule)

    def fire(self, request: RequestInfo, clock: Clock, others: Iterable[Rule] = ()) -> RuleMatch | None:
        """The first rule, the rule_book's own before ``others``, that matches this call and fires."""
        with self._lock:
            for rule in (*self.rules, *others):
                if not rule.match.matches(request):
                    continue
                counters = self._counters[rule.id] = self.counters(rule)
                if self._fires(rule, counters, clock):
                    return RuleMatch(rule, counters.matched)
            return None

    def draw(self, kind: str, rule_id: str, match_number: int) -> float:
        """A number from 0 to below 1 that belongs to this match; the same for the same seed, sandbox and calls."""
        return draw_unit(self._seed, kind, self._key, rule_id, match_number)

    def draw_bytes(self, count: int, rule_id: str, match_number: int) -> bytes:
        """``count`` bytes, at most 256, that belong to this match."""
        blocks = (
            draw_bits(self._seed, "bytes", self._key, rule_id, match_number, block).to_bytes(32, "big")
            for block in range(8)
        )
        return b"".join(blocks)[:count]

    def window_left(self, rule: Rule) -> int:
        """For a rule whose effect counts in windows: whole seconds until this one ends, at least 1."""
        return max(math.ceil(self.counters(rule).window.get("left", 1)), 1)

    def _fires(self, rule: Rule, counters: RuleCounters, clock: Clock) -> bool:
        now = clock.time()
        if counters.since is None:
            counters.since = now if rule.since is None else rule.since
        if rule.ttl_seconds is not None and now >= counters.since + rule.ttl_seconds:
            return False
        counters.matched += 1
        number = counters.matched - rule.skip
        if number <= 0 or number % rule.every or (rule.times is not None and counters.fired >= rule.times):
            return False
        chance = 0.0 if rule.probability >= 1 else self.draw("fires", rule.id, counters.matched)
        if chance >= rule.probability or not rule.effect.due(counters, now):
            return False
        counters.fired += 1
        return True
