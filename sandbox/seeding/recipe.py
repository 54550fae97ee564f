"""The recipe of the generated conversations of a scenario: their number, variety and times."""

from dataclasses import dataclass
from typing import NamedTuple

EVERY_COMBINATION = "every_combination"
LIFELIKE = "lifelike"

COMBINATIONS = 48
"""Contact, group or both; pinned, muted, archived, never opened or not: 3 · 2 · 2 · 2 · 2."""

_STRIDE = 29  # coprime to 48, so that all combinations occur; neighbours differ in several traits


class Traits(NamedTuple):
    """The traits by which filters and screens tell conversations apart. At least one of the first two is true."""

    has_contact: bool
    has_group: bool
    is_pinned: bool
    is_muted: bool
    is_archived: bool
    was_opened: bool


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe for generated conversations. All times are whole seconds.

    Nothing happens after ``until`` (Unix seconds; 0 or less if times count from the start of a sandbox).
    Conversation ``index`` is created between ``youngest_seconds + step_seconds * index ** growth`` and the
    same for ``index + 1`` before that: with growth 1 evenly, with growth 3 many recently and few long ago. So
    lists show them in the order of their indexes, and ``count`` changes none of them. ``groups`` is the number of
    groups that they are spread over.
    """

    count: int
    variety: str = LIFELIKE
    until: int = 705103200
    youngest_seconds: int = 0
    step_seconds: int = 600
    growth: int = 1
    groups: int = 6

    def age(self, index: int, fraction: float = 0.0) -> int:
        """Return the seconds between conversation ``index`` and ``until``; ``fraction`` is from 0 to below 1."""
        nearest: int = self.step_seconds * index**self.growth
        farthest: int = self.step_seconds * (index + 1) ** self.growth
        return self.youngest_seconds + nearest + int(fraction * (farthest - nearest))


def combination(index: int) -> Traits:
    """Return the traits of conversation ``index``; any 48 consecutive conversations have all combinations."""
    rest, who = divmod(index * _STRIDE % COMBINATIONS, 3)
    return Traits(
        has_contact=who != 1,
        has_group=who != 0,
        is_pinned=bool(rest & 1),
        is_muted=bool(rest & 2),
        is_archived=bool(rest & 4),
        was_opened=not rest & 8,
    )
