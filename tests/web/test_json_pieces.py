"""A large JSON document in pieces."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.web.json_pieces import PIECE_BYTES, json_pieces


def items(*values: Any) -> Iterator[bytes]:
    return (json.dumps(value).encode() for value in values)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"a": 1},
        {"a": None, "b": [1, 2], "c": "é"},
        {"list": []},
        {"list": [{"a": 1}]},
        {"list": [1, 2, 3], "other": [], "rest": 5},
        {"a": 1, "list": [1], "b": 2, "other": [2, "], "]},
        {"list": ["x" * 100] * 5_000, "other": [5] * 50_000},
        {'a"b': 1, "c, ": ", "},
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("streams", [True, False])
def test_pieces_are_the_document(document: dict[str, Any], streams: bool) -> None:
    values = {
        name: items(*value) if streams and isinstance(value, list) else value
        for name, value in document.items()
    }
    whole = b"".join(json_pieces(values))
    assert json.loads(whole) == document
    assert list(json.loads(whole)) == list(document)
    assert whole.endswith(b"}\n")


def test_pieces_of_a_list_are_made_when_they_are_asked_for() -> None:
    made: list[int] = []

    def numbers() -> Iterator[bytes]:
        for number in range(100_000):
            made.append(number)
            yield b"12345678"

    pieces = json_pieces({"list": numbers(), "last": True})
    assert made == []
    assert next(pieces) == b'{"list": ['
    assert made == []
    sizes = [len(piece) for piece in pieces]
    assert max(sizes) < PIECE_BYTES * 1.2
    assert len(sizes) > 20


def test_size_of_a_piece_does_not_depend_on_the_size_of_its_items() -> None:
    large = b'"' + b"x" * PIECE_BYTES + b'"'
    assert [len(piece) for piece in json_pieces({"list": iter([large] * 3)})][1:-1] == [
        len(large),
        len(large) + 1,
        len(large) + 1,
    ]
