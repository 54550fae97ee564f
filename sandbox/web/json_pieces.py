"""A large JSON document in pieces, each made when it is sent."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PIECE_BYTES = 32_768
"""Size that a piece reaches before it is sent."""


def json_pieces(document: Mapping[str, Any]) -> Iterator[bytes]:
    """Iterate over the JSON of an object in pieces, with a line break at its end.

    A value that is an iterator of bytes is a list of items that are JSON already. Any other is encoded in one piece.
    """
    before = b"{"
    for name, value in document.items():
        before += json.dumps(name).encode() + b": "
        if isinstance(value, Iterator):
            yield before + b"["
            yield from _joined(value)
            before = b"], "
        else:
            before += json.dumps(value).encode() + b", "
    yield before.removesuffix(b", ") + b"}\n"


def _joined(items: Iterable[bytes]) -> Iterator[bytes]:
    separator, part, size = b"", [], 0
    for item in items:
        part.append(item)
        size += len(item)
        if size >= PIECE_BYTES:
            yield separator + b",".join(part)
            separator, part, size = b",", [], 0
    if part:
        yield separator + b",".join(part)
