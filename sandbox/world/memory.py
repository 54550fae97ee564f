"""About how many bytes values occupy in memory, for the limits of what clients can make grow."""

from sys import getsizeof
from typing import Any

RECORD_BYTES = 1000
"""The memory of a conversation: its attributes, its JSON, and its places in the lists that show it."""
DELETION_BYTES = 450
"""The memory of a deleted id that still works as a cursor."""
COUNTERS_BYTES = 400
"""The memory of the counters of a rule, with the window of an effect that counts calls."""
IDEMPOTENCY_KEY_BYTES = 500
"""The memory of an idempotency key, besides the conversation that it made."""
PINNED_ID_BYTES = 100
"""The memory of an id that a conversation will get."""


def text_bytes(text: str) -> int:
    """Return the memory of the characters of ``text``: one to four bytes for each, as the widest one needs."""
    return len(text) if text.isascii() else getsizeof(text)


def json_bytes(value: Any) -> int:
    """Return the memory of a JSON value with everything in it."""
    size = 0
    unseen = [value]
    while unseen:
        each = unseen.pop()
        size += getsizeof(each)
        if isinstance(each, dict):
            unseen += each.keys()
            unseen += each.values()
        elif isinstance(each, list):
            unseen += each
    return size
