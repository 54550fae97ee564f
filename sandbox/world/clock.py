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
    freezing may set it back.

    A change is a state that the clock is asked for, and that :meth:`set` takes over: in between it may be written
    elsewhere.
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

    def frozen(self, at: float | None = None) -> ClockState:
        """Return the state of this clock frozen at ``at`` (Unix seconds), or at its current time."""
        return ClockState(self.time() if at is None else at)

    def advanced(self, seconds: float) -> ClockState:
        """Return the state of this clock set ahead by ``seconds``, which must not be negative.

        A frozen clock stays frozen.
        """
        if seconds < 0:
            raise ValueError(seconds)
        frozen_at, offset = self._state
        return ClockState(None, offset + seconds) if frozen_at is None else ClockState(frozen_at + seconds)

    def resumed(self) -> ClockState:
        """Return the state of this clock running on from its current time."""
        frozen_at, _ = self._state
        return self._state if frozen_at is None else ClockState(None, frozen_at - self._now())

    def set(self, state: ClockState) -> None:
        """Take over a state."""
        with self._lock:
            if state.frozen_at is not None:
                self._latest = -math.inf
            elif self._state.frozen_at is not None:
                self._latest = self._state.frozen_at
            else:
                # From the clock's own time, which is ahead of the machine's if that was set back meanwhile.
                self._latest = self._time() + state.offset - self._state.offset
            self._state = state

    def _time(self) -> float:
        frozen_at, offset = self._state
        if frozen_at is not None:
            return frozen_at
        latest = self._now() + offset
        latest = max(latest, self._latest)
        self._latest = latest
        return latest if 0.0 <= latest <= LATEST_TIMESTAMP else min(max(latest, 0.0), LATEST_TIMESTAMP)
