"""The length of a log, which decides when a checkpoint takes its place."""

from typing import Final

_LEAST_BYTES: Final = 65_536
"""A log that is shorter is not replaced. A longer one is, when it is as long as the checkpoint before it."""
_MOST_CHANGES: Final = 10_000
"""The number of changes after which a log is replaced, however short they are: a new copy applies all that follow."""


class LogLength:
    """The number and the bytes of the changes since a checkpoint of ``checkpoint_bytes``."""

    __slots__ = ("_bytes", "_changes", "checkpoint_bytes")

    def __init__(self, checkpoint_bytes: int) -> None:
        self.checkpoint_bytes = checkpoint_bytes
        self.begin()

    def begin(self) -> None:
        """Count from zero: there is a new checkpoint."""
        self._bytes = self._changes = 0

    def add(self, size: int) -> None:
        """Count a change of ``size`` bytes."""
        self._bytes += size
        self._changes += 1

    @property
    def is_long(self) -> bool:
        """True if a checkpoint should take the place of the log."""
        return self._bytes >= max(_LEAST_BYTES, self.checkpoint_bytes) or self._changes >= _MOST_CHANGES
