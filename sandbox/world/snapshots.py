"""Save points of one sandbox, in memory. A state is an immutable value, so a snapshot only keeps a reference."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from sandbox.world.errors import SnapshotsFull, SnapshotsTooLarge, UnknownSnapshot

S = TypeVar("S")


class Snapshot(NamedTuple, Generic[S]):
    """A save point. ``at`` is the time of the sandbox in Unix seconds when the snapshot was taken."""

    id: str
    at: float
    state: S


class Snapshots(Generic[S]):
    """Up to ``capacity`` snapshots, in the order in which they were taken.

    ``fit_beside`` returns whether states occupy at most a number of bytes of memory besides another one, the current
    state, with which they may share parts. It may take long. As long as it returns False for ``max_bytes``,
    :meth:`check_room` raises.
    """

    __slots__ = ("_by_id", "_capacity", "_fit_beside", "_lock", "_max_bytes", "_taken")

    def __init__(
        self,
        capacity: int,
        max_bytes: float = math.inf,
        fit_beside: Callable[[Sequence[S], S, float], bool] = lambda _states, _current, _max_bytes: True,
    ) -> None:
        self._capacity = capacity
        self._max_bytes = max_bytes
        self._fit_beside = fit_beside
        self._by_id: dict[str, Snapshot[S]] = {}
        self._taken = 0
        self._lock = Lock()

    def __iter__(self) -> Iterator[Snapshot[S]]:
        with self._lock:
            return iter(list(self._by_id.values()))

    def check_room(self, state: S) -> None:
        """Raise SnapshotsFull or SnapshotsTooLarge if there is no room beside ``state``, the current one.

        No lock is held, so that others go on meanwhile. Snapshots whose room is checked at the same time do not count
        each other: each costs nothing as long as the current state is not replaced.
        """
        with self._lock:
            self._check_capacity()
            taken = [each.state for each in self._by_id.values()]
        if not self._fit_beside(taken, state, self._max_bytes):
            raise SnapshotsTooLarge(self._max_bytes)

    def take(self, at: float, state: S) -> Snapshot[S]:
        """Save ``state``, the current one, under a new id, which is never used again, and return the snapshot.

        Raises SnapshotsFull.
        """
        with self._lock:
            snapshot = self._next(at, state)
            self._taken += 1
            self._by_id[snapshot.id] = snapshot
            return snapshot

    def next(self, at: float, state: S) -> Snapshot[S]:
        """Return the snapshot that :meth:`take` would take. Raises SnapshotsFull."""
        with self._lock:
            return self._next(at, state)

    @property
    def taken(self) -> int:
        """The number of snapshots that were taken, those that were dropped since included."""
        return self._taken

    def fill(self, snapshots: Iterable[Snapshot[S]], taken: int) -> None:
        """Add the snapshots that were kept elsewhere, in the order in which they were taken."""
        with self._lock:
            self._by_id |= {each.id: each for each in snapshots}
            self._taken = taken

    def get(self, snapshot_id: str) -> Snapshot[S]:
        """Return the snapshot of this id. Raises UnknownSnapshot."""
        snapshot = self._by_id.get(snapshot_id)
        if snapshot is None:
            raise UnknownSnapshot(snapshot_id)
        return snapshot

    def drop(self, snapshot_id: str) -> None:
        """Forget a snapshot. Raises UnknownSnapshot."""
        with self._lock:
            if self._by_id.pop(snapshot_id, None) is None:
                raise UnknownSnapshot(snapshot_id)

    def _next(self, at: float, state: S) -> Snapshot[S]:
        self._check_capacity()
        return Snapshot(f"snapshot-{self._taken + 1}", at, state)

    def _check_capacity(self) -> None:
        if len(self._by_id) >= self._capacity:
            raise SnapshotsFull(self._capacity)
