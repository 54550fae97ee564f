"""Selecting what to inject into a call: a fault, a delay, both, or mostly nothing.

The first source that selects something wins: header, query, data, the rules of the sandbox, the server-wide rules, the
command line.
"""

from dataclasses import dataclass

from sandbox.edge.call import Call
from sandbox.edge.injection.rate_limit_headers import rate_limit_headers
from sandbox.edge.injection.requested import RequestedFault, requested_by_body, requested_fault
from sandbox.edge.responder import Responder
from sandbox.faults.effect import Effect
from sandbox.world.rules import Rule, RuleMatch
from sandbox.world.server_rules import ServerRules


@dataclass(frozen=True, slots=True)
class Injection:
    """The effect to inject, and why.

    ``reason`` is the name or the id of the rule that fired (``match``), or the source of the call's own request.
    """

    effect: Effect
    reason: str
    match: RuleMatch | None = None
    applied: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """The key of this effect's draws."""
        return (self.reason, 1) if self.match is None else (self.match.rule.id, self.match.match_number)

    @property
    def rule(self) -> Rule | None:
        """The rule that fired, if one did."""
        return None if self.match is None else self.match.rule


class FaultSelector:
    """Selects an injection for each call. ``server_rules`` apply in every sandbox, behind its own rules."""

    def __init__(self, server_rules: ServerRules) -> None:
        self._server_rules = server_rules

    def select(self, call: Call, responder: Responder) -> Injection | None:
        """Return what to inject into the call, or None. Raises Problem 400 if the call requests the impossible.

        The response will have the headers of the rate limits that look at the call.
        """
        requested = requested_fault(call)
        if requested is None and call.reader is not None and self._rules_need_body(call):
            call.read()
            requested = requested_by_body(call)
        if requested is not None:
            return _requested(requested)
        match = self._fire(call, responder)
        if match is not None:
            rule = match.rule
            assert isinstance(rule.effect, Effect)
            return Injection(rule.effect, rule.name or rule.id, match)
        if call.reader is None or not call.reaches_operation:
            return None
        # The client waits for 100 Continue, and the API needs the body.
        call.read()
        requested = requested_by_body(call)
        return None if requested is None else _requested(requested)

    def _fire(self, call: Call, responder: Responder) -> RuleMatch | None:
        world, server_rules = call.lease.world, self._server_rules.all
        if not world.rules and not server_rules:
            return None
        trial = world.fire(call.lease.generation, call, server_rules)
        call.why = trial.verdicts
        if trial.looking:
            responder.add_headers(rate_limit_headers(trial.looking))
        return trial.match

    def _rules_need_body(self, call: Call) -> bool:
        """Return True if a rule matches by the body, which must then be read first: counting must not wait."""
        rules = (*call.lease.world.rules, *self._server_rules.all)
        return any(rule.enabled and rule.match.body for rule in rules)


def _requested(requested: RequestedFault) -> Injection:
    return Injection(requested.effect, requested.source, applied=requested.applied)
