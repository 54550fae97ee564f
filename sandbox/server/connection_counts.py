"""The numbers of open connections of all workers, in memory that they share."""

from mmap import mmap

_BYTES = 4
SLACK = 2
"""Connections by which a worker may be ahead of another."""


class ConnectionCounts:
    """A count for each worker. It is made before they are forked.

    They are hints: a worker sets its own without a lock, and that of a dead one stays until its successor begins.
    """

    def __init__(self, workers: int) -> None:
        self._counts = memoryview(mmap(-1, workers * _BYTES)).cast("I")

    def set(self, place: int, count: int) -> None:
        """Set the count of the worker at ``place``, from 0 on."""
        self._counts[place] = count

    def is_ahead(self, place: int) -> bool:
        """Return True if another worker should accept the next connection rather than the one at ``place``."""
        return self._counts[place] > min(self._counts) + SLACK
