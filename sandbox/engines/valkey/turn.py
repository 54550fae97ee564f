"""Turns: one call after the other, each of which may wait for the store meanwhile."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from types import TracebackType

from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from sandbox.world.sleepers import Event


class Turn:
    """A lock that calls get in the order in which they came. They wait as ``concurrency`` does.

    Waiting takes at most ``seconds``, after which it raises StoreUnavailable: an earlier call waits for the store.
    """

    __slots__ = ("_concurrency", "_is_taken", "_lock", "_seconds", "_waiting")

    def __init__(self, concurrency: Concurrency, seconds: float) -> None:
        self._concurrency = concurrency
        self._seconds = seconds
        self._lock = Lock()
        self._is_taken = False
        self._waiting: deque[Event] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            signal = self._concurrency.new_signal()
            self._waiting.append(signal)
        try:
            self._concurrency.wait(signal, self._seconds)
        except BaseException:
            self._leave(signal)
            raise
        if not signal.is_set():
            self._leave(signal)
            raise StoreUnavailable("the changes before this one wait for it too long")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pass_on()

    def _leave(self, signal: Event) -> None:
        """Stop waiting. If the turn has come meanwhile, pass it on."""
        with self._lock:
            if not signal.is_set():
                self._waiting.remove(signal)
                return
        self._pass_on()

    def _pass_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._is_taken = False
                return
            # Under the lock: whoever stops waiting sees whether the turn has come. Nobody runs before it is free.
            self._waiting.popleft().set()


class Turns:
    """A turn for each id that somebody needs one of. ``new_turn`` makes them."""

    __slots__ = ("_lock", "_new_turn", "_turns", "_users")

    def __init__(self, new_turn: Callable[[], Turn]) -> None:
        self._new_turn = new_turn
        self._lock = Lock()
        self._turns: dict[str, Turn] = {}
        self._users: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._turns)

    @contextmanager
    def of(self, turn_id: str) -> Iterator[None]:
        """Have the turn of an id until the block ends. Raises StoreUnavailable like a turn."""
        with self._lock:
            turn = self._turns.get(turn_id)
            if turn is None:
                turn = self._turns[turn_id] = self._new_turn()
            self._users[turn_id] += 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                self._users[turn_id] -= 1
                if not self._users[turn_id]:
                    del self._turns[turn_id], self._users[turn_id]
