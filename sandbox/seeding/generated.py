"""Generated files: the generated conversations of a built-in scenario with its own seed, kept as data.

With them a start needs no Faker. They also pin what is generated: a test generates it again and compares.
``python -m sandbox.seeding`` writes them. Shape: a JSON list, one conversation per line.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from sandbox.schemas.conversation import encode
from sandbox.world.conversation import Conversation


def encode_file(conversations: Iterable[Conversation]) -> bytes:
    """Return the content of the generated file with ``conversations``."""
    return b"[\n" + b",\n".join(map(encode, conversations)) + b"\n]\n"


def read(path: Path) -> list[Conversation]:
    """Return the conversations of the generated file at ``path``. It is part of the package, so it is not validated."""
    return [Conversation(**values) for values in json.loads(path.read_bytes())]
