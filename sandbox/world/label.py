"""The label of a sandbox: what lists and streams say of it. It does not reveal a token."""

from typing import NamedTuple

SHOWN_CHARACTERS = 4


class Label(NamedTuple):
    """The public id of a sandbox, its name if it has one, and its token, masked."""

    id: str
    name: str | None = None
    token: str | None = None


class Summary(NamedTuple):
    """A sandbox in a list.

    ``idle_seconds`` is the time since a request last began or ended in it, and ``ttl_seconds`` the time until its end,
    if it has one.
    """

    label: Label
    conversations: int
    requests: int
    idle_seconds: float
    ttl_seconds: float | None = None


def masked(token: str) -> str:
    """Return the beginning of ``token``, never more than half of it."""
    shown = token[: min(SHOWN_CHARACTERS, len(token) // 2)]
    return shown.encode(errors="surrogateescape").decode(errors="backslashreplace") + "…"
