"""The watch over a store: whether it is available, as far as is known."""

from collections.abc import Callable

from sandbox.engines.valkey.failures import one_line
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from sandbox.world.sleepers import Event


class Watch:
    """Pings the store in the background, every ``interval`` seconds and after each reported failure.

    The store is unavailable from a failure until a ping succeeds. ``ping`` raises StoreUnavailable. ``on_change`` is
    called after each change, in the background or where a failure was reported, so it must not wait.
    """

    def __init__(
        self,
        ping: Callable[[], None],
        concurrency: Concurrency,
        *,
        interval: float = 1.0,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.reason: str | None = None
        """One line that says why the store is unavailable, or None if it is available."""
        self._ping = ping
        self._wait = concurrency.wait
        self._new_signal = concurrency.new_signal
        self._background = concurrency.background
        self._interval = interval
        self._on_change = on_change
        self._is_closed = False
        self._signal: Event = self._new_signal()

    @property
    def is_available(self) -> bool:
        """True if the last ping has succeeded, and no failure was reported since."""
        return self.reason is None

    def start(self) -> None:
        """Begin to ping, in this process."""
        self._background(self._run)

    def report(self, reason: str) -> None:
        """Note that the store has failed; it is pinged soon."""
        if self.reason is None:
            self._note(reason)
            self._signal.set()

    def check(self) -> None:
        """Ping once."""
        reason: str | None = None
        try:
            self._ping()
        except StoreUnavailable as error:
            reason = error.reason
        except Exception as error:  # noqa: BLE001  # without its watch, the store would stay as it is now forever
            reason = one_line(repr(error))
        self._note(reason)

    def close(self) -> None:
        """End the pings."""
        self._is_closed = True
        self._signal.set()

    def _run(self) -> None:
        while not self._is_closed:
            self._wait(self._signal, self._interval)
            # What is reported during the ping calls for another one.
            self._signal = self._new_signal()
            if not self._is_closed:
                self.check()

    def _note(self, reason: str | None) -> None:
        has_changed = (reason is None) != (self.reason is None)
        self.reason = reason
        if has_changed:
            self._on_change()
