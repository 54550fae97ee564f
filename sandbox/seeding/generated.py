"""Drawn files: the generated conversations of a built-in scenario under its own seed, kept as data.

A start from them needs no Faker, and they pin what is drawn: a test draws them anew and compares.
``python -m sandbox.seeding`` writes them. Shape: a JSON list, one conversation a line.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from sandbox.schemas.conversation import encode
from sandbox.world.conversation import Conversation


def written(conversations: Iterable[Conversation]) -> bytes:
    """The drawn file of ``conversations``."""
    return b"[\n" + b",\n".join(map(encode, conversations)) + b"\n]\n"


def read(path: Path) -> list[Conversation]:
    """The conversations of the drawn file at ``path``, which is ours and so right."""
    return [Conversation(**values) for values in json.loads(path.read_bytes())]
