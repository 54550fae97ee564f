"""The limit of calls that sleep at once in the whole server."""

from threading import Lock
from types import TracebackType

from sandbox.world.errors import SleepersFull


class SleepLimit:
    """Up to ``capacity`` sleeping calls: ``with sleep_limit:`` takes a place. Raises SleepersFull if none is free."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken = 0
        self._lock = Lock()

    def acquire(self) -> None:
        """Take a place. Raises SleepersFull if none is free."""
        with self._lock:
            if self._taken >= self._capacity:
                raise SleepersFull(self._capacity)
            self._taken += 1

    def release(self) -> None:
        """Give the place back."""
        with self._lock:
            self._taken -= 1

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
