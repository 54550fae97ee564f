"""Turns of the greenlets that have long work to do."""

from collections import deque
from time import monotonic
from typing import Any

from gevent import get_hub
from gevent.hub import Waiter

TURN_SECONDS = 0.005
"""Length of a turn: the time that a call of another client may have to wait for."""


class Turns:
    """Lets one greenlet with long work run in each iteration of the loop, for a short time.

    Sockets are examined between two turns, so that the calls of other clients are answered then. Their number does not
    matter: ten greenlets with long work take ten iterations.
    """

    def __init__(self) -> None:
        self._waiting: deque[Waiter[None]] = deque()
        self._timer: Any = None
        self._ends = 0.0

    def pause(self) -> None:
        """Continue if the turn is not over; otherwise wait for the next one."""
        if monotonic() < self._ends:
            return
        hub = get_hub()
        if self._timer is None:
            self._timer = hub.loop.timer(0.0)
        waiter: Waiter[None] = Waiter(hub)
        if not self._waiting:
            self._timer.start(self._next)
        self._waiting.append(waiter)
        try:
            waiter.get()
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _next(self) -> None:
        """Called in the loop."""
        if not self._waiting:
            return
        waiter = self._waiting.popleft()
        if self._waiting:
            self._timer.start(self._next)
        self._ends = monotonic() + TURN_SECONDS
        waiter.switch(None)
