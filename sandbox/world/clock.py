"""The clock of a sandbox: the source of every time that the sandbox stores or compares."""

import math
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

Now = Callable[[], float]
"""Returns Unix seconds, as ``time.time`` does."""


LATEST_TIMESTAMP = 253402300799
"""9999-12-31T23:59:59Z, the last second that common date libraries support. No clock runs beyond it."""


class ClockState(NamedTuple):
    """The state of a clock: frozen at ``frozen_at``, or running ``offset`` seconds ahead of the machine's clock."""

    frozen_at: float | None = None
    offset: float = 0.0


class Clock:
    """A clock that runs with ``now``, or is frozen.

    It shows a time from 0 to LATEST_TIMESTAMP. It never runs backwards, even if the machine's clock is set back. Only
    :meth:`freeze` may set it back.
    """

    __slots__ = ("_latest", "_lock", "_now", "_state")

    def __init__(self, now: Now, frozen_at: float | None = None, offset: float = 0.0) -> None:
        self._now = now
        self._lock = Lock()
        self._latest = -math.inf
        self._state = ClockState(frozen_at, offset)

    @property
    def state(self) -> ClockState:
        """The state of the clock, from which an equal clock can be created."""
        return self._state

    def time(self) -> float:
        """Return the sandbox's time in Unix seconds."""
        with self._lock:
            return self._time()

    def seconds(self) -> int:
        """Return the sandbox's time in whole Unix seconds, as conversations store it."""
        return int(self.time())

    def freeze(self, at: float | None = None) -> None:
        """Stop the clock at ``at`` (Unix seconds in the past or the future), or at its current time."""
        with self._lock:
            self._state = ClockState(self._time() if at is None else at)
            self._latest = -math.inf

    def advance(self, seconds: float) -> None:
        """Set the clock ahead by ``seconds``, which must not be negative. A frozen clock stays frozen."""
        if seconds < 0:
            raise ValueError(seconds)
        with self._lock:
            frozen_at, offset = self._state
            if frozen_at is None:
                # From the clock's own time, which is ahead of the machine's if that was set back meanwhile.
                self._latest = self._time() + seconds
                self._state = ClockState(None, offset + seconds)
            else:
                self._state = ClockState(frozen_at + seconds)

    def resume(self) -> None:
        """Let the clock run on from its current time."""
        with self._lock:
            if self._state.frozen_at is not None:
                self._latest = self._state.frozen_at
                self._state = ClockState(None, self._latest - self._now())

    def _time(self) -> float:
        frozen_at, offset = self._state
        if frozen_at is not None:
            return frozen_at
        latest = self._now() + offset
        latest = max(latest, self._latest)
        self._latest = latest
        return latest if 0.0 <= latest <= LATEST_TIMESTAMP else min(max(latest, 0.0), LATEST_TIMESTAMP)
