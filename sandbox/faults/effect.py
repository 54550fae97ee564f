"""The effect of a rule: the delay and the fault of a call."""

from dataclasses import dataclass

from sandbox.faults.delay import Delay
from sandbox.faults.fault import Fault, Quota
from sandbox.faults.kinds.status import Status
from sandbox.world.rules import RateWindow


@dataclass(frozen=True, slots=True)
class Effect:
    """The delay and the fault of a call. If ``after``, the call is done first, and its response is lost.

    ``instead`` is an error that replaces the API's response, for a fault that changes responses.
    """

    delay: Delay | None = None
    fault: Fault | None = None
    after: bool = False
    instead: Status | None = None

    @property
    def needs_api(self) -> bool:
        """True if the API is called, in the caller's world or in a fork."""
        if self.fault is None or self.after:
            return True
        return self.fault.needs_response and self.instead is None

    @property
    def size(self) -> int:
        """The memory in bytes of what the fault keeps besides the rule's document."""
        return 0 if self.fault is None else self.fault.size

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        """Return whether the effect is due for this call, and the window that the call leaves behind."""
        return (True, window) if self.fault is None else self.fault.due(window, now)

    def quota(self, window: RateWindow | None, now: float) -> Quota | None:
        """Return the quota that is left in the window at ``now``, or None if the fault limits no rate.

        Without a window, or after it, that is the quota of a new one.
        """
        return None if self.fault is None else self.fault.quota(window, now)
