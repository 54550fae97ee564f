"""Rules decide when something goes wrong. They do not know what goes wrong: that is their effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from threading import Lock
from typing import Any, NamedTuple, Protocol

from sandbox.world.memory import json_bytes
from sandbox.world.request_matcher import ANY_REQUEST, RequestMatcher
from sandbox.world.rule_life import RuleLife
from sandbox.world.verdict import Verdicts

_RULE_BYTES = 1200
"""The memory of a rule besides its document and the texts that it matches."""


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
    """The effect of a rule that fires. ``size`` is the memory in bytes of what it keeps besides the rule's document."""

    @property
    def size(self) -> int: ...

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        """Return whether the effect is due for this call, and the window that the call leaves behind.

        ``window`` is the one that the call before left; ``now`` is the time on the sandbox's clock.
        """
        ...


class Tally:
    """The counters of a server-wide rule over all sandboxes: the calls that it matched, and those that it fired for."""

    __slots__ = ("_lock", "fired", "matched")

    def __init__(self) -> None:
        self._lock = Lock()
        self.matched = 0
        self.fired = 0

    def add(self, matched: int, fired: int) -> None:
        """Add the counts of a call in one of the sandboxes."""
        with self._lock:
            self.matched += matched
            self.fired += fired


@dataclass(frozen=True, slots=True)
class UnboundRule:
    """A rule that has no id yet: when ``effect`` happens.

    The first ``skip`` matching calls pass. Then the rule fires on every ``every``-th one with ``probability`` (0 to 1),
    at most ``times`` times (None: no limit), for ``ttl_seconds`` (None: no end). If it is not ``enabled``, it counts
    nothing. ``document`` is the rule as it was written.
    """

    effect: Effect
    document: Mapping[str, Any]
    match: RequestMatcher = ANY_REQUEST
    skip: int = 0
    every: int = 1
    times: int | None = None
    probability: float = 1.0
    ttl_seconds: float | None = None
    enabled: bool = True

    @property
    def size(self) -> int:
        """About how many bytes the rule occupies in memory."""
        match = self.match
        texts = sum(json_bytes(dict(part)) for part in (self.document, match.query, match.body))
        return _RULE_BYTES + self.effect.size + texts

    def bind(self, rule_id: str, since: float | None) -> "Rule":
        """Return the rule with an id. Its time to live counts from ``since`` on the sandbox's clock.

        ``since`` None counts from the first matching call of each sandbox: the rule applies in all of them, and has a
        tally.
        """
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        tally = Tally() if since is None else None
        return Rule(**values, id=rule_id, since=since, life=RuleLife(enabled=self.enabled), tally=tally)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(UnboundRule):
    """A rule with its id, and the time from which its time to live counts.

    ``tally`` counts its calls in all sandboxes, if it applies in all.
    """

    id: str
    since: float | None = None
    life: RuleLife = field(default_factory=RuleLife, compare=False, repr=False)
    tally: Tally | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str | None:
        """The label that people gave it."""
        return self.document.get("name")

    def switched(self, *, enabled: bool) -> "Rule":
        """Return the rule switched on or off."""
        if self.enabled == enabled:
            return self
        return replace(self, enabled=enabled, document={**self.document, "enabled": enabled})

    def revived(self) -> "Rule":
        """Return the rule with a life of its own."""
        return replace(self, life=RuleLife(enabled=self.enabled))


class RuleMatch(NamedTuple):
    """A call that a rule matched, as a rule that fired for it or whose effect counted it.

    ``match_number`` says for which of its matching calls, counted from 1: it is the key of the rule's draws.
    ``window`` is that of an effect that counts calls, with this call in it if it was counted; ``at`` is the time of the
    call.
    """

    rule: Rule
    match_number: int
    at: float
    window: RateWindow | None = None


class Trial(NamedTuple):
    """The rules that were tried for one call: the one that fired, if one did, and a verdict on each.

    ``looking`` are those that fired, or let the call pass although they may fire for another one, each with its window.
    """

    match: RuleMatch | None
    verdicts: Verdicts
    looking: tuple[RuleMatch, ...] = ()
