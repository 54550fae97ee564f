"""What a call meets: a fault, a delay, both, or mostly nothing.

Of what asks for a fault the first that says something wins: header, query, plain data, the rules of the sandbox, the
server-wide ones, the command line.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.edge.call import Call
from sandbox.edge.injection.request_info import CallInfo
from sandbox.edge.injection.requested import (
    OWN,
    READ_ONLY,
    REVOKED,
    RequestedFault,
    requested_by_data,
    requested_by_header,
    requested_by_query,
)
from sandbox.faults.effect import Effect
from sandbox.world.rules import RuleMatch
from sandbox.world.server_rules import ServerRules

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

TRIGGER = "trigger_"


@dataclass(slots=True)
class Injection:
    """The effect that a call meets, and why: ``reason`` is a rule's name or id, or what of the call asked for it."""

    effect: Effect
    reason: str
    fired: RuleMatch | None = None
    applied: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What the draws of this effect belong to."""
        return (self.reason, 1) if self.fired is None else (self.fired.rule.id, self.fired.match_number)

    @property
    def rule_id(self) -> str | None:
        """The rule that fired, if one did."""
        return None if self.fired is None else self.fired.rule.id


class FaultSelector:
    """Chooses. ``rules`` are those that hold in every sandbox, behind its own."""

    def __init__(self, rules: ServerRules) -> None:
        self._rules = rules

    def __call__(self, environ: "WSGIEnvironment", call: Call) -> Injection | None:
        """What the call meets; None where that is nothing. Raises Problem 400 where it asks for what cannot be."""
        asked = self._asked(environ, call)
        if asked is not None:
            return Injection(asked.effect, asked.source, applied=asked.applied)
        rule_book, others = call.sandbox.rule_book, self._rules.all
        if not rule_book.rules and not others:
            return None
        fired = rule_book.fire(CallInfo(environ, call), call.sandbox.clock, others)
        return None if fired is None else _chosen_by(fired)

    def _asked(self, environ: "WSGIEnvironment", call: Call) -> RequestedFault | None:
        """What the call itself asks for. Most ask for nothing, so the cheap look comes first."""
        preferred = environ.get("HTTP_PREFER")
        if preferred and (asked := requested_by_header(preferred)):
            return asked
        query = environ.get("QUERY_STRING")
        if query and (OWN in query or "%" in query) and (asked := requested_by_query(query)):
            return asked
        token = call.token or ""
        named = TRIGGER in environ["PATH_INFO"] or (call.body and _may_trigger(call.body))
        if named or token.startswith((REVOKED, READ_ONLY)):
            return requested_by_data(CallInfo(environ, call), call.token)
        return None


def _may_trigger(body: bytes) -> bool:
    """Whether a body may name a trigger; one that is encoded in some way may."""
    return b"trigger" in body or b"%" in body or b"\\" in body


def _chosen_by(fired: RuleMatch) -> Injection:
    rule = fired.rule
    assert isinstance(rule.effect, Effect)
    return Injection(rule.effect, str(rule.document.get("name", rule.id)), fired)
