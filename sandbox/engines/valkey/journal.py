"""The journal of a world in the store: its last calls, a list, and their counters, a hash."""

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from sandbox.engines.call_codec import call_of, text_of_call
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.keys import WorldKeys
from sandbox.engines.valkey.log import Position
from sandbox.engines.valkey.optimism import OptimisticGeneration
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.topology import Command
from sandbox.world.journal import Counted, Entry, Key, key_of, matches, selects
from sandbox.world.runtime import Bounds

_READ_AT_ONCE: Final = 200
_SEPARATOR: Final = "\x1f"
_NONE: Final = ""


class SharedJournal:
    """The calls of a world that all workers have answered. All methods but ``record`` raise StoreUnavailable."""

    __slots__ = ("_bounds", "_keys", "_store")

    def __init__(self, keys: WorldKeys, store: Store, bounds: Bounds) -> None:
        self._keys = keys
        self._store = store
        self._bounds = bounds

    def record(self, incarnation: bytes, generation: int, entry: Entry) -> None:
        """Add a call of ``generation``, before it is answered. While the store is unavailable, it is kept here."""
        keys = self._keys
        command = (
            *("FCALL", "sandbox1_record", 3, keys.meta, keys.calls, keys.counts),
            *self._arguments(incarnation, generation, entry),
        )
        self._store.unsent.send((*command, ""), (*command, "again"))

    def record_if_valid(
        self, position: Position, call: OptimisticGeneration, entry: Entry, own_prefix: bytes
    ) -> bool:
        """Add an optimistic call, unless it has missed a change, and return whether it has missed nothing.

        ``position`` is the last change that it knows, and ``own_prefix`` that of the nonces of its copy.
        """
        keys = self._keys
        command = (
            *("FCALL", "sandbox1_record_if_valid", 5, keys.meta, keys.calls, keys.counts, keys.log),
            self._store.keys.rules,
            *self._arguments(position.incarnation, call, entry),
        )
        condition = position.number, position.nonce, own_prefix, call.seen.rules
        reply = self._store.unsent.ask((*command, "", *condition), (*command, "again", *condition))
        return isinstance(reply, int)

    def _arguments(self, incarnation: bytes, generation: int, entry: Entry) -> Command:
        store, bounds = self._store, self._bounds
        return (
            *(incarnation, int(generation), bounds.journal_entries, bounds.journal_bytes, store.keys.calls),
            *(_text_of(key_of(entry)), text_of_call(entry), store.nonces.next()),
        )

    def entries(self, wanted: Key, limit: int) -> list[Entry]:
        """Return the last ``limit`` entries that ``wanted`` selects, newest first."""
        return list(islice((entry for entry in self._newest_first() if selects(wanted, entry)), limit))

    def numbered(self) -> list[tuple[int, Entry]]:
        """Return all entries with their numbers, oldest first."""
        return [numbered(text) for text in self._ask("LRANGE", self._keys.calls, 0, -1)]

    def count(self, wanted: Key) -> int:
        """Return the number of calls that ``wanted`` selects, including those whose entries were dropped."""
        pairs = iter(self._ask("HGETALL", self._keys.counts))
        counts = ((_counted_of(counted), int(number)) for counted, number in zip(pairs, pairs, strict=True))
        return sum(number for counted, number in counts if matches(wanted, counted))

    @property
    def truncated(self) -> bool:
        """True if entries were dropped."""
        # In this order, since a call may be recorded in between.
        counts, length = map(
            succeeded,
            self._store.courier.ask(("HVALS", self._keys.counts), ("LLEN", self._keys.calls)),
        )
        return bool(sum(map(int, counts)) > length)

    def clear(self, incarnation: bytes, generation: int) -> bool:
        """Forget entries and counters, and return True; False if ``generation`` is over."""
        keys = self._keys
        cleared = self._ask(
            *("FCALL", "sandbox1_clear", 3, keys.meta, keys.calls, keys.counts),
            *(incarnation, generation, self._store.keys.calls),
        )
        return bool(cleared)

    def _newest_first(self) -> Iterator[Entry]:
        last, oldest = -1, math.inf
        while True:
            texts = self._ask("LRANGE", self._keys.calls, last - _READ_AT_ONCE + 1, last)
            for number, entry in map(numbered, reversed(texts)):
                # Calls that are recorded meanwhile move those that were read already into the next part.
                if number < oldest:
                    oldest = number
                    yield entry
            if len(texts) < _READ_AT_ONCE:
                return
            last -= _READ_AT_ONCE

    def _ask(self, *command: Any) -> Any:
        return succeeded(self._store.courier.ask(command)[0])


def numbered(text: bytes) -> tuple[int, Entry]:
    """Return a call with its number, as it is in the store: number, space, nonce, newline, entry."""
    head, _, entry = text.partition(b"\n")
    return int(head.partition(b" ")[0]), call_of(entry.decode())


def _text_of(counted: Counted) -> str:
    operation, method, status = counted
    return _SEPARATOR.join((operation or _NONE, method, _NONE if status is None else str(status)))


def _counted_of(text: bytes) -> Counted:
    operation, method, status = text.decode().split(_SEPARATOR)
    return operation or None, method, int(status) if status else None
