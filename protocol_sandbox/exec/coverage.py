"""The coverage of the API by a test run: the documented answers that clients received, and those that they did not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from protocol_sandbox.call import Call
from protocol_sandbox.exec.documented import Answer, Documented

PREFLIGHT = "OPTIONS"
DELAY = "delay"
"""The name under which delayed calls are counted, beside the faults."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The numbers of calls by answer and by fault.

    ``undocumented`` has the other answers: those for unknown paths and methods, and other statuses.
    """

    documented: Documented
    calls: int = 0
    answers: Counter[Answer] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    undocumented: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, documented: Documented, calls: Sequence[Call]) -> "Coverage":
        """Return the coverage by ``calls``."""
        answers: Counter[Answer] = Counter()
        faults: Counter[str] = Counter()
        undocumented: Counter[str] = Counter()
        known = set(documented.answers)
        for call in calls:
            faults.update([call.fault] if call.fault is not None else [])
            faults.update([DELAY] if call.delay_ms else [])
            answer = (
                None if call.operation is None or call.status is None else Answer(call.operation, call.status)
            )
            if answer in known:
                answers.update([answer])
            elif call.status is not None and call.method != PREFLIGHT:
                undocumented.update([f"{call.operation or f'{call.method} {call.path}'} {call.status}"])
        return cls(documented, len(calls), answers, faults, undocumented)

    @property
    def percent(self) -> int:
        """The share of the documented answers that were received, rounded down: 100 means all of them."""
        known = len(self.documented.answers)
        return 100 if not known else len(self.answers) * 100 // known

    @property
    def kinds(self) -> list[str]:
        """The documented kinds of faults, and delays."""
        return [*self.documented.faults, DELAY]

    def statuses(self, operation: str) -> list[int]:
        """Return the documented statuses of an operation."""
        return [answer.status for answer in self.documented.answers if answer.operation == operation]
