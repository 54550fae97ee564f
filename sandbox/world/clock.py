"""The clock of a sandbox. Every time that a sandbox writes or counts comes from it."""

import math
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

Now = Callable[[], float]
"""Unix seconds, as ``time.time`` gives them."""


LATEST_TIMESTAMP = 253402300799
"""9999-12-31T23:59:59Z, the last second that common date libraries can show: no clock runs beyond it."""


class ClockState(NamedTuple):
    """Where a clock stands: at ``frozen_at``, or ``offset`` seconds ahead of the machine's (behind: negative)."""

    frozen_at: float | None = None
    offset: float = 0.0


class Clock:
    """A clock that runs with ``now``, or stands still where it was frozen.

    It shows a time from 0 to LATEST_TIMESTAMP. It never runs backwards, also where the machine's clock is set back;
    only :meth:`freeze` may set it back.
    """

    __slots__ = ("_latest", "_lock", "_now", "_state")

    def __init__(self, now: Now, frozen_at: float | None = None, offset: float = 0.0) -> None:
        self._now = now
        self._lock = Lock()
        self._latest = -math.inf
        self._state = ClockState(frozen_at, offset)

    @property
    def state(self) -> ClockState:
        """Where the clock stands, as a value that a clock can be made of again."""
        return self._state

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._state.frozen_at is not None

    def time(self) -> float:
        """The sandbox's time in Unix seconds."""
        with self._lock:
            return self._time()

    def seconds(self) -> int:
        """The sandbox's time in whole Unix seconds, as conversations carry it."""
        return int(self.time())

    def freeze(self, at: float | None = None) -> None:
        """Stand still, at ``at`` (Unix seconds, past and future alike) or where the clock is now."""
        with self._lock:
            self._state = ClockState(self._time() if at is None else at)
            self._latest = -math.inf

    def advance(self, seconds: float) -> None:
        """Jump ahead; a frozen clock stays frozen there. ``seconds`` must not be negative."""
        if seconds < 0:
            raise ValueError(seconds)
        with self._lock:
            frozen_at, offset = self._state
            if frozen_at is None:
                # From where the clock is, which is ahead of the machine's where that was set back meanwhile.
                self._latest = self._time() + seconds
                self._state = ClockState(None, offset + seconds)
            else:
                self._state = ClockState(frozen_at + seconds)

    def resume(self) -> None:
        """Run on from where the clock stands."""
        with self._lock:
            if self._state.frozen_at is not None:
                self._latest = self._state.frozen_at
                self._state = ClockState(None, self._latest - self._now())

    def _time(self) -> float:
        frozen_at, offset = self._state
        if frozen_at is not None:
            return frozen_at
        self._latest = max(self._latest, self._now() + offset)
        return min(max(self._latest, 0.0), LATEST_TIMESTAMP)
