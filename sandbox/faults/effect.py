"""The effect of a rule: how long the answer takes, what goes wrong with it, and whether the call is done."""

from dataclasses import dataclass

from sandbox.faults.delay import Delay
from sandbox.faults.fault import Fault
from sandbox.faults.kinds.status import Status
from sandbox.world.rules import RateWindow


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to a call. ``after`` says that the call is done first, and its answer is lost.

    ``instead`` is an error that takes the place of the API's answer, for a fault that spoils answers.
    """

    delay: Delay | None = None
    fault: Fault | None = None
    after: bool = False
    instead: Status | None = None

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        """Return whether the effect is due for this call, and the window that the call leaves behind."""
        return (True, window) if self.fault is None else self.fault.due(window, now)
