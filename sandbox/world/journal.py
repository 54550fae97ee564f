"""The journal: what was called, newest last, bounded; and counters, which stay exact when entries are dropped."""

from collections import deque
from itertools import islice
from threading import Lock
from typing import NamedTuple

KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER_METHOD = "OTHER"
"""Counters know the registered methods by name; whatever else was invented is counted under this one."""

_ENTRY_BYTES = 700
_HEADER_BYTES = 120
"""What Python needs for an entry and for each of its headers, beside the text."""


class Entry(NamedTuple):
    """One ``/v1`` call as it was answered.

    ``at`` is the sandbox's time in Unix seconds. ``headers`` are redacted already, ``body`` is cut already and says
    so. ``operation`` is None for what is none (404, 405, preflight). ``status`` is None where no answer was sent.
    """

    id: str
    at: float
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: str
    operation: str | None
    status: int | None
    duration_ms: float
    delay_ms: float = 0.0
    fault: str | None = None
    rule: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it keeps in memory."""
        headers = sum(_HEADER_BYTES + len(name) + len(value) for name, value in self.headers)
        return _ENTRY_BYTES + len(self.path) + len(self.query) + len(self.body) + headers


class Key(NamedTuple):
    """What counters tell apart, and filters ask for; in a filter, None asks for any."""

    operation: str | None = None
    method: str | None = None
    status: int | None = None


class Journal:
    """Entries up to ``max_entries`` and ``max_bytes``, the oldest dropped first; counters of all there ever were."""

    __slots__ = ("_bytes", "_counts", "_entries", "_lock", "_max_bytes", "_max_entries", "_truncated")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._start()

    def _start(self) -> None:
        self._entries: deque[tuple[Entry, int]] = deque()
        self._counts: dict[Key, int] = {}
        self._bytes = 0
        self._truncated = False

    @property
    def truncated(self) -> bool:
        """Whether entries were dropped since the start or the last :meth:`clear`."""
        return self._truncated

    def record(self, entry: Entry) -> None:
        """Write ``entry`` down; the oldest entries make room."""
        with self._lock:
            key = _key_of(entry)
            self._counts[key] = self._counts.get(key, 0) + 1
            size = entry.size
            self._entries.append((entry, size))
            self._bytes += size
            while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
                self._bytes -= self._entries.popleft()[1]
                self._truncated = True

    def entries(self, wanted: Key, limit: int) -> list[Entry]:
        """The last ``limit`` entries that ``wanted`` asks for, newest first."""
        with self._lock:
            newest_first = [entry for entry, _ in reversed(self._entries)]
        return list(islice((entry for entry in newest_first if _matches(wanted, _key_of(entry))), limit))

    def count(self, wanted: Key) -> int:
        """How many calls there were that ``wanted`` asks for, dropped ones included."""
        with self._lock:
            return sum(count for key, count in self._counts.items() if _matches(wanted, key))

    def clear(self) -> None:
        """Forget entries and counters."""
        with self._lock:
            self._start()


def _key_of(entry: Entry) -> Key:
    method = entry.method if entry.method in KNOWN_METHODS else OTHER_METHOD
    return Key(entry.operation, method, entry.status)


def _matches(wanted: Key, key: Key) -> bool:
    return all(ask is None or ask == has for ask, has in zip(wanted, key, strict=True))
