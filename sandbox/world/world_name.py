"""The names of worlds, and the keys by which the fleet finds a world."""

import re
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class WorldName(NamedTuple):
    """The name of a world. It never equals a bearer token: the world named ``me`` is not that of the token ``me``."""

    text: str


WorldKey = str | WorldName
"""The key of a world in the fleet: the bearer token that it belongs to, or its name."""


_MARK = "\x1e"
"""The beginning of the text of a name. No token has a control character."""


def text_of(key: WorldKey) -> str:
    """Return a text for ``key`` that no other key has: it is what a world's draws depend on."""
    return _MARK + key.text if isinstance(key, WorldName) else key


def key_of(text: str) -> WorldKey:
    """Return the key that :func:`text_of` made ``text`` of."""
    return WorldName(text.removeprefix(_MARK)) if text.startswith(_MARK) else text


def is_world_name(text: str) -> bool:
    """Return True if ``text`` is a valid name: 1 to 64 letters, digits, ``_`` or ``-``."""
    return _NAME.fullmatch(text) is not None
