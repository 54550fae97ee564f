"""The labels of sandboxes as text."""

from typing import Final

from sandbox.world.label import Label, masked

_SEPARATOR: Final = "\x1f"
"""No name and no token has a control character."""


def text_of_label(world_id: str, name: str | None, token: str) -> str:
    """Return the label of a world as text, with its token masked."""
    return _SEPARATOR.join((world_id, name or "", masked(token) if token else ""))


def label_of(text: str) -> Label:
    """Return the label that :func:`text_of_label` made ``text`` of."""
    world_id, name, token = text.split(_SEPARATOR)
    return Label(world_id, name or None, token or None)
