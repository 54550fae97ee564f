"""Verdicts: for each rule that was looked at for a call, the first thing that spoke against it, or that it fired.

They are made for each call and mostly never read, so they hold values; the sentences are made when they are read.
"""

from typing import Literal, NamedTuple

MAX_VERDICTS = 20
"""The most verdicts that are kept for one call."""

Outcome = Literal[
    "fired",
    "disabled",
    "operation",
    "method",
    "path",
    "query",
    "body",
    "expired",
    "skip",
    "times",
    "every",
    "probability",
    "within_limit",
]
Scope = Literal["sandbox", "server"]
Detail = tuple[str | float | None, ...]

MAX_TEXT = 80
"""The most characters of a rule's text in a verdict."""

_VERDICT_BYTES = 250
_CHARACTER_BYTES = 4
"""The memory of a verdict besides its texts, and of one character of them."""


class Reason(NamedTuple):
    """An outcome, and the values that its sentence needs besides those of the call."""

    outcome: Outcome
    detail: Detail = ()


class Verdict(NamedTuple):
    """The reason why a rule fired, or did not, for one call. ``scope`` says whose rule it is."""

    rule_id: str
    name: str | None
    scope: Scope
    reason: Reason

    @property
    def size(self) -> int:
        """About how many bytes the verdict occupies in memory."""
        characters = len(self.rule_id) + len(self.name or "")
        for value in self.reason.detail:
            if isinstance(value, str):
                characters += len(value)
        return _VERDICT_BYTES + _CHARACTER_BYTES * characters


class Verdicts(NamedTuple):
    """The verdicts of one call, in the order in which the rules were looked at.

    Of more than ``MAX_VERDICTS`` the last one is kept, which may be that of the rule that fired, and all others from
    the first one on. ``omitted`` are left out before the last one.
    """

    kept: tuple[Verdict, ...] = ()
    omitted: int = 0

    @property
    def size(self) -> int:
        """About how many bytes the verdicts occupy in memory."""
        return sum(verdict.size for verdict in self.kept)


NO_VERDICTS = Verdicts()
"""The verdicts of a call for which no rule was looked at."""


def cut(text: str) -> str:
    """Return the beginning of ``text`` that a verdict keeps."""
    return text[:MAX_TEXT]
