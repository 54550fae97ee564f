"""Save points of one sandbox, in memory. A state is an immutable value, so a snapshot only keeps a reference."""

from collections.abc import Iterator
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from sandbox.world.errors import SnapshotsFull, UnknownSnapshot

S = TypeVar("S")


class Snapshot(NamedTuple, Generic[S]):
    """A save point. ``at`` is the time of the sandbox in Unix seconds when the snapshot was taken."""

    id: str
    at: float
    state: S


class Snapshots(Generic[S]):
    """Up to ``capacity`` snapshots, in the order in which they were taken."""

    __slots__ = ("_by_id", "_capacity", "_lock", "_taken")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._by_id: dict[str, Snapshot[S]] = {}
        self._taken = 0
        self._lock = Lock()

    def __iter__(self) -> Iterator[Snapshot[S]]:
        with self._lock:
            return iter(list(self._by_id.values()))

    def take(self, at: float, state: S) -> Snapshot[S]:
        """Save ``state`` under a new id, which is never used again, and return the snapshot. Raises SnapshotsFull."""
        with self._lock:
            if len(self._by_id) >= self._capacity:
                raise SnapshotsFull(self._capacity)
            self._taken += 1
            snapshot = Snapshot(f"snapshot-{self._taken}", at, state)
            self._by_id[snapshot.id] = snapshot
            return snapshot

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
