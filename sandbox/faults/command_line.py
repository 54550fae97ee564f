"""Faults from the command line: ``--latency``, ``--error-rate``, ``--error-status``."""

from sandbox.faults.effect import Effect
from sandbox.faults.kinds.status import Status
from sandbox.faults.short_forms import latency_of
from sandbox.world.rules import Rule

NAME = "command line"


def command_line_rules(latency: str | None, error_rate: float, error_status: int) -> list[Rule]:
    """Return the rules for these settings: some calls fail, and all calls are delayed, whether they fail or not."""
    delay = None if latency is None else latency_of(latency)
    document = {"name": NAME}
    rules = []
    if error_rate > 0:
        effect = Effect(delay, Status(error_status))
        rules.append(Rule(effect, document, probability=error_rate, id="command-line-error"))
    if delay is not None:
        rules.append(Rule(Effect(delay), document, id="command-line-latency"))
    return rules
