"""Optimistic calls, which begin without asking the store for changes: their last trip finds out if they missed any.

Nothing of such a call is visible before. If it has missed a change, another attempt, which asks first, answers it anew.
"""

from typing import Final, NamedTuple

_MOST_CAREFUL: Final = 63


class OptimisticGeneration(int):
    """The generation of an optimistic call.

    Everything that a call writes names its generation, so a world knows by it which call writes. ``seen`` is what the
    copy had when the call began. ``is_valid`` becomes True when the store has said that the call has missed nothing.
    """

    seen: "Seen"
    is_valid: bool

    @classmethod
    def of(cls, generation: int, seen: "Seen") -> "OptimisticGeneration":
        """Return the generation of a call that has not been validated."""
        made = cls(generation)
        made.seen, made.is_valid = seen, False
        return made


class Seen(NamedTuple):
    """The knowledge of a copy when a call began."""

    decisive: int
    """The number of changes that a call must not miss: those by others, and of the rules, the clock or the state."""
    has_pending: bool
    """True if a change of this copy was under way, which others may have seen before the call began."""
    rules: bytes
    """The nonce of the server-wide rules."""


class Optimism:
    """Tells for the calls of one copy whether they may be optimistic.

    An attempt that was in vain costs more than one saves that was not. After a call that had missed a change, the next
    ones are careful, twice as many each time; after one that had not, half as many.
    """

    __slots__ = ("_careful", "_left")

    def __init__(self) -> None:
        self._careful = 0
        self._left = 0

    def may_begin(self) -> bool:
        """Return True if the next call may be optimistic, and count it."""
        if self._left:
            self._left -= 1
            return False
        return True

    def missed(self) -> None:
        """Note that a call has missed a change."""
        self._careful = self._left = min(2 * self._careful + 1, _MOST_CAREFUL)

    def missed_nothing(self) -> None:
        """Note that a call has missed nothing."""
        if self._careful:
            self._careful //= 2
            self._left = self._careful
