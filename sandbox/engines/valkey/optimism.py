"""Optimistic calls, which begin without asking the store for changes: their last trip finds out if they missed any.

Nothing of such a call is visible before. If it has missed a change, another attempt, which asks first, answers it anew.
"""

from typing import Final, NamedTuple

_MOST_MISSED: Final = 0.25
_WEIGHT: Final = 0.1
"""The weight of the last call in the average."""


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

    An attempt in vain costs more than another one saves: a second answer, and not only a trip. So calls are optimistic
    if less than a quarter of the last ones have missed a change, or would have.
    """

    __slots__ = ("_missed",)

    def __init__(self) -> None:
        # A first call may be optimistic, and not another one after it if it has missed a change.
        self._missed = 0.2

    def may_begin(self) -> bool:
        """Return True if the next call should be optimistic."""
        return self._missed < _MOST_MISSED

    def note(self, *, has_missed: bool) -> None:
        """Note whether a call has missed a change, or would have if it had not asked for changes."""
        self._missed += (has_missed - self._missed) * _WEIGHT
