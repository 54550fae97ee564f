"""The memory of values, as the limits count it."""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.world.conversation import Conversation, Record
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.journal import Entry, Headers
from sandbox.world.memory import IDEMPOTENCY_KEY_BYTES, json_bytes, text_bytes
from sandbox.world.paging import Order
from sandbox.world.table import Table
from tests.world.harness import unbound


def kept(make: Callable[[], object]) -> int:
    """Return the memory that an object keeps, as Python's allocator counts it."""
    make()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        made = make()
        size = tracemalloc.get_traced_memory()[0] - before
        del made
    finally:
        tracemalloc.stop()
    return size


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("a" * 10_000, 1),
        ("é" * 10_000, 1),
        ("€" * 10_000, 2),
        ("😀" * 10_000, 4),
        ("a" * 9_999 + "😀", 4),
        ("", 1),
    ],
    ids=["ascii", "latin-1", "two bytes", "emoji", "one emoji", "empty"],
)
def test_characters_count_as_many_bytes_as_the_widest_needs(text: str, width: int) -> None:
    assert width * len(text) <= text_bytes(text) <= width * len(text) + 100


DOCUMENTS: list[Any] = [
    None,
    "a" * 10_000,
    "😀" * 10_000,
    {f"name{number}": f"value{number}" for number in range(1000)},
    {f"name{number}": number + 0.5 for number in range(1000)},
    [[] for _ in range(1000)],
    [{} for _ in range(1000)],
    {"a": {"b": {"c": ["d" * 1000] * 3}}},
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda value: str(value)[:30])
def test_json_value_counts_everything_in_it(document: Any) -> None:
    text = json.dumps(document)
    assert kept(lambda: json.loads(text)) * 0.8 <= json_bytes(json.loads(text))


def test_deeply_nested_value_is_counted() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert json_bytes(deep) > 100_000 * 50


@pytest.mark.parametrize("document", [{}, {"match": {"path": "/" + "a" * 5000}}, {"name": "😀" * 100}])
def test_rule_counts_its_document(document: dict[str, Any]) -> None:
    text = json.dumps(document)

    def make() -> object:
        rule = unbound().bind("rule-1", 5.0)
        object.__setattr__(rule, "document", json.loads(text))
        return rule

    rule = unbound().bind("rule-1", 5.0)
    object.__setattr__(rule, "document", json.loads(text))
    assert kept(make) <= rule.size


@pytest.mark.parametrize("body", ["", "a" * 16_000, "😀" * 4_000, "a" * 15_000 + "😀", "\x01\ufffd" * 8_000])
def test_journal_entry_counts_its_text(body: str) -> None:
    encoded = body.encode()

    def make() -> Entry:
        headers = Headers.of((("X-" + "A" * 100, encoded.decode()),))
        return Entry("r" * 50, 5.5, "M" * 50, "/p", "q=1", headers, encoded.decode(), None, 200, 1.5)

    assert kept(make) <= make().size


@pytest.mark.parametrize("length", [8, 36, 255])
def test_idempotency_keys_are_counted(length: int) -> None:
    def make() -> IdempotencyKeys:
        record = Record(Conversation.begin("a", "c1", None, 1), b"")
        keys = IdempotencyKeys()
        for number in range(500):
            keys = keys.put(StoredAnswer(str(number).rjust(length), record, number + 0.5))
        return keys

    # The nodes of the map by key, about 200 bytes a key, are not of Python's allocator.
    assert kept(make) <= 500 * IDEMPOTENCY_KEY_BYTES <= 3 * kept(make)


@pytest.mark.parametrize("letter", ["a", "a long text of 64 letters ".ljust(50, "x")])
def test_table_counts_its_conversations_and_deletions(letter: str) -> None:
    def record(number: int) -> Record:
        conversation = Conversation(
            f"{letter}{number}",
            f"c{letter}{number}",
            f"g{number % 5}",
            None,
            True,
            True,
            5000 + number,
            None,
            number,
            1,
        )
        return Record(conversation, b"x" * 280 + str(number).encode())

    def make() -> Table:
        return Table.of(
            (record(number) for number in range(500)), (Order(-number, f"d{number}") for number in range(500))
        )

    size = kept(make)
    assert 0.5 * size <= make().memory <= 1.5 * size
