"""How many calls may sleep at once in the whole server."""

from threading import Lock
from types import TracebackType

from sandbox import problems


class Beds:
    """A bound on sleepers: ``with beds:`` takes one of ``capacity`` beds. Raises Problem 503 where none is free."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken = 0
        self._lock = Lock()

    def take(self) -> None:
        """Take a bed. Raises Problem 503 where none is free."""
        with self._lock:
            if self._taken >= self._capacity:
                raise problems.too_many_sleepers(self._capacity)
            self._taken += 1

    def leave(self) -> None:
        """Leave the bed."""
        with self._lock:
            self._taken -= 1

    def __enter__(self) -> None:
        self.take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
