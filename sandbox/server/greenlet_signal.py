"""The event that wakes a call where calls are greenlets, whether or not its client is still there."""

from gevent import get_hub
from gevent.hub import Waiter


class GreenletSignal:
    """An event for one greenlet that waits, mostly in vain: a timer of the loop, and no exception when it is over.

    gevent's own event starts a Timeout and ends it by raising it, which costs twice as much.
    """

    __slots__ = ("_is_set", "_waiter")

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: Waiter[None] | None = None

    def is_set(self) -> bool:
        """Return True if it was set."""
        return self._is_set

    def set(self) -> None:
        """Wake the greenlet that waits. It runs when it is its turn, not at once."""
        if self._is_set:
            return
        self._is_set = True
        if self._waiter is not None:
            get_hub().loop.run_callback(self._waiter.switch, None)

    def wait(self, timeout: float, /) -> bool:
        """Wait until it is set, at most ``timeout`` seconds. Return True if it is set."""
        if self._is_set:
            return True
        hub = get_hub()
        self._waiter = Waiter(hub)
        timer = hub.loop.timer(timeout)
        try:
            # The loop's time may be that of the beginning of a long turn.
            hub.loop.update_now()
            timer.start(self._waiter.switch, None)
            self._waiter.get()
        finally:
            timer.close()
            self._waiter = None
        return self._is_set
