"""Too many requests."""

import math
from collections.abc import Iterable
from typing import ClassVar

from sandbox.faults.fault import Fault, Quota, Wire
from sandbox.problems import Problem, counted
from sandbox.schemas.fields import WholeNumber
from sandbox.world.rules import RateWindow


class RateLimit(Fault):
    """429 with ``Retry-After`` after more than ``limit`` calls in ``window_seconds``.

    The response to every call that the rule looks at has ``RateLimit-*``, also within the limit. Each sandbox has a
    count of its own, on its clock.
    """

    type = "rate_limit"
    attributes: ClassVar = {
        "limit": WholeNumber(0, 1_000_000, required=True),
        "window_seconds": WholeNumber(1, 86_400, required=True),
    }

    def __init__(self, limit: int, window_seconds: int) -> None:
        self._limit = limit
        self._window_seconds = window_seconds

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        """Count the call in its window, which begins with the first call after the previous window ended."""
        if window is None or not _is_current(window, now):
            window = RateWindow(now, now + self._window_seconds, 0)
        window = window._replace(calls=window.calls + 1)
        return window.calls > self._limit, window

    def quota(self, window: RateWindow | None, now: float) -> Quota:
        """Return the quota that is left in ``window`` at ``now``; without a window, or after it, that of a new one."""
        if window is None or not _is_current(window, now):
            return Quota(self._limit, self._limit, self._window_seconds)
        return Quota(self._limit, max(self._limit - window.calls, 0), max(math.ceil(window.ends - now), 1))

    def send(self, wire: Wire) -> Iterable[bytes]:
        seconds = str(wire.seconds_left())
        allowed = f"{counted(self._limit, 'call')} in {counted(self._window_seconds, 'second')}"
        message = f"More than {allowed}; try again in {counted(seconds, 'second')}."
        return wire.send_problem(Problem(429, message, [("Retry-After", seconds)]))


def _is_current(window: RateWindow, now: float) -> bool:
    return window.began <= now < window.ends
