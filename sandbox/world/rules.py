"""Rules decide when something goes wrong. They do not know what goes wrong: that is their effect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, NamedTuple, Protocol

from sandbox.world.clock import Clock
from sandbox.world.draws import draw_bits, draw_unit
from sandbox.world.errors import RulesFull, UnknownRule


class RequestInfo(Protocol):
    """The attributes of a request that rules match. Those of its query and its body are text."""

    @property
    def operation_id(self) -> str | None: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query_attributes(self) -> Mapping[str, str]: ...
    @property
    def body_attributes(self) -> Mapping[str, str]: ...


class RateWindow(NamedTuple):
    """A window in which an effect counts calls. ``began`` and ``ends`` are Unix seconds on the sandbox's clock."""

    began: float
    ends: float
    calls: int


@dataclass(frozen=True, slots=True)
class RuleCounters:
    """The counters of ``rule`` in one sandbox.

    The rule matched ``matched`` calls and fired ``fired`` times. Its time to live counts from ``since``, and
    ``window`` is the current window of an effect that counts calls.
    """

    rule: "Rule"
    matched: int = 0
    fired: int = 0
    since: float | None = None
    window: RateWindow | None = None


class Effect(Protocol):
    """The effect of a rule that fires."""

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        """Return whether the effect is due for this call, and the window that the call leaves behind.

        ``window`` is the one that the call before left; ``now`` is the time on the sandbox's clock.
        """
        ...


@dataclass(frozen=True, slots=True)
class RequestMatcher:
    """Selects requests. Everything given must match; a matcher without conditions selects every ``/v1`` call.

    ``path`` is a glob (``*`` matches anything, ``/`` included). Attributes of ``query`` and ``body`` must be equal.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    def matches(self, request: RequestInfo) -> bool:
        """Return whether ``request`` is selected."""
        return (
            (self.operation is None or self.operation == request.operation_id)
            and (self.method is None or self.method == request.method)
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (not self.query or self.query.items() <= request.query_attributes.items())
            and (not self.body or self.body.items() <= request.body_attributes.items())
        )


@dataclass(frozen=True, slots=True)
class UnboundRule:
    """A rule that has no id yet: when ``effect`` happens.

    The first ``skip`` matching calls pass. Then the rule fires on every ``every``-th one with ``probability`` (0 to 1),
    at most ``times`` times (None: no limit), for ``ttl_seconds`` (None: no end). ``document`` is the rule as it was
    written.
    """

    effect: Effect
    document: Mapping[str, Any]
    match: RequestMatcher = RequestMatcher()
    skip: int = 0
    every: int = 1
    times: int | None = None
    probability: float = 1.0
    ttl_seconds: float | None = None

    def bind(self, rule_id: str, since: float | None) -> "Rule":
        """Return the rule with an id. Its time to live counts from ``since`` on the sandbox's clock.

        ``since`` None counts from the first matching call of each sandbox.
        """
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return Rule(**values, id=rule_id, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(UnboundRule):
    """A rule with its id, and the time from which its time to live counts."""

    id: str
    since: float | None = None


class RuleMatch(NamedTuple):
    """A rule that fired.

    ``match_number`` says for which of its matching calls, counted from 1: it is the key of the rule's draws.
    ``window`` is the window of an effect that counts calls, with this call in it; ``at`` is the time of the call.
    """

    rule: Rule
    match_number: int
    at: float
    window: RateWindow | None = None


class RuleBook:
    """The rules of one sandbox, in order, and their counters.

    ``key`` names the sandbox in the draws. Server-wide rules have counters in each sandbox, so that no sandbox takes a
    fault away from another. ``id_prefix`` is that of the ids: ``rule-1``, ``rule-2`` and so on for ``rule``.
    """

    __slots__ = ("_counters", "_id_prefix", "_key", "_lock", "_seed", "capacity", "rules")

    def __init__(
        self, seed: int, key: str, capacity: int, rules: Iterable[Rule] = (), id_prefix: str = "rule"
    ) -> None:
        self._seed = seed
        self._key = key
        self._id_prefix = id_prefix
        self._lock = Lock()
        self._counters: dict[str, RuleCounters] = {}
        self.capacity = capacity
        self.rules = tuple(rules)

    def get(self, rule_id: str) -> Rule:
        """Return the rule of this id. Raises UnknownRule."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise UnknownRule(rule_id)

    def add(self, unbound: UnboundRule, since: float | None) -> Rule:
        """Add a rule behind the others under a new id, and return it. Raises RulesFull."""
        with self._lock:
            if len(self.rules) >= self.capacity:
                raise RulesFull(self.capacity)
            suffixes = (rule.id.removeprefix(f"{self._id_prefix}-") for rule in self.rules)
            number = 1 + max((int(suffix) for suffix in suffixes if suffix.isdigit()), default=0)
            rule = unbound.bind(f"{self._id_prefix}-{number}", since)
            self.rules = (*self.rules, rule)
            return rule

    def replace(self, unbound: Iterable[UnboundRule], since: float | None) -> tuple[Rule, ...]:
        """Replace all rules, and return those that were replaced. The new ones are counted from zero.

        Raises RulesFull.
        """
        with self._lock:
            rules = bind_all(unbound, self._id_prefix, since)
            if len(rules) > self.capacity:
                raise RulesFull(self.capacity)
            replaced = self.rules
            for rule in replaced:
                self._counters.pop(rule.id, None)
            self.rules = rules
            return replaced

    def change(self, rule_id: str, unbound: UnboundRule, since: float | None) -> Rule:
        """Replace the rule of this id, and return the new one, which is counted from zero. Raises UnknownRule."""
        with self._lock:
            self.get(rule_id)
            rule = unbound.bind(rule_id, since)
            self.rules = tuple(rule if other.id == rule_id else other for other in self.rules)
            return rule

    def remove(self, rule_id: str) -> None:
        """Remove a rule. Raises UnknownRule."""
        with self._lock:
            self.get(rule_id)
            self.rules = tuple(rule for rule in self.rules if rule.id != rule_id)
            self._counters.pop(rule_id, None)

    def counters(self, rule: Rule) -> RuleCounters:
        """Return the counters of a rule. A rule that replaced another one is counted from zero."""
        counters = self._counters.get(rule.id)
        return counters if counters is not None and counters.rule is rule else RuleCounters(rule)

    def fire(self, request: RequestInfo, clock: Clock, server_rules: Iterable[Rule] = ()) -> RuleMatch | None:
        """Return the first rule that matches ``request`` and fires: the book's own before ``server_rules``."""
        with self._lock:
            for rule in (*self.rules, *server_rules):
                if not rule.match.matches(request):
                    continue
                now = clock.time()
                fires, counters = self._count(self.counters(rule), now)
                self._counters[rule.id] = counters
                if fires:
                    return RuleMatch(rule, counters.matched, now, counters.window)
            return None

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

    def _count(self, counters: RuleCounters, now: float) -> tuple[bool, RuleCounters]:
        """Return whether the rule fires for its next matching call, and its counters after that call."""
        rule, matched, fired, since, window = (
            counters.rule,
            counters.matched,
            counters.fired,
            counters.since,
            counters.window,
        )
        if since is None:
            since = now if rule.since is None else rule.since
        if rule.ttl_seconds is not None and now >= since + rule.ttl_seconds:
            return False, RuleCounters(rule, matched, fired, since, window)
        matched += 1
        number = matched - rule.skip
        fires = number > 0 and number % rule.every == 0 and (rule.times is None or fired < rule.times)
        if fires and rule.probability < 1:
            fires = self.draw("fires", rule.id, matched) < rule.probability
        if fires:
            fires, window = rule.effect.due(window, now)
        return fires, RuleCounters(rule, matched, fired + fires, since, window)


def bind_all(unbound: Iterable[UnboundRule], id_prefix: str, since: float | None) -> tuple[Rule, ...]:
    """Return the rules with the ids ``rule-1``, ``rule-2`` and so on, where the prefix is ``rule``."""
    return tuple(each.bind(f"{id_prefix}-{number}", since) for number, each in enumerate(unbound, 1))
