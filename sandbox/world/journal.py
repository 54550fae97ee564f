"""The journal: the last calls, bounded; and counters, which stay exact when entries are dropped."""

from collections import deque
from collections.abc import Mapping
from itertools import islice
from threading import Lock
from typing import NamedTuple

from sandbox.world.journal_feed import JournalFeed, Update
from sandbox.world.memory import text_bytes
from sandbox.world.verdict import NO_VERDICTS, Verdicts

KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER_METHOD = "OTHER"
"""The name under which all methods are counted that are not registered ones, so that counters are bounded."""

_ENTRY_BYTES = 700
_HEADER_BYTES = 120
"""The memory of an entry and of each of its headers, besides their text."""


class Headers(NamedTuple):
    """The headers of a request, and about how many bytes they occupy in memory."""

    items: tuple[tuple[str, str], ...]
    size: int

    @classmethod
    def of(cls, items: tuple[tuple[str, str], ...]) -> "Headers":
        """Return ``items`` with their size."""
        return cls(items, sum(_HEADER_BYTES + text_bytes(name) + text_bytes(value) for name, value in items))


class Entry(NamedTuple):
    """One ``/v1`` call as it was answered.

    ``at`` is the sandbox's time in Unix seconds. Secrets in ``headers``, ``query`` and ``body`` are redacted already,
    and a long body is cut. ``operation`` is None for a 404, a 405 and a preflight. ``status`` is None if no response
    was sent. ``why`` are the verdicts on the rules that were looked at.
    """

    id: str
    at: float
    method: str
    path: str
    query: str
    headers: Headers
    body: str
    operation: str | None
    status: int | None
    duration_ms: float
    delay_ms: float = 0.0
    fault: str | None = None
    rule: str | None = None
    why: Verdicts = NO_VERDICTS

    @property
    def size(self) -> int:
        """About how many bytes the entry occupies in memory."""
        path, query, body = self.path, self.query, self.body
        size = _ENTRY_BYTES + len(self.id) + len(self.method) + self.headers.size
        if self.why is not NO_VERDICTS:
            size += self.why.size
        if path.isascii() and query.isascii() and body.isascii():
            return size + len(path) + len(query) + len(body)
        return size + text_bytes(path) + text_bytes(query) + text_bytes(body)


class Key(NamedTuple):
    """The attributes by which calls are counted and filtered. In a filter, None matches any value."""

    operation: str | None = None
    method: str | None = None
    status: int | None = None


Counted = tuple[str | None, str, int | None]
"""The attributes of a call by which it is counted, in the order of :class:`Key`."""


class Journal:
    """Up to ``max_entries`` and ``max_bytes`` of entries, the oldest dropped first, and counters of all calls.

    ``since`` is the generation of the sandbox in which the journal began. ``feed`` is told of each call, as one of
    ``token``.
    """

    __slots__ = (
        "_bytes",
        "_counts",
        "_entries",
        "_feed",
        "_lock",
        "_max_bytes",
        "_max_entries",
        "_token",
        "_truncated",
        "since",
    )

    def __init__(
        self,
        max_entries: int,
        max_bytes: int,
        since: int = 1,
        feed: JournalFeed | None = None,
        token: str = "",
    ) -> None:
        self.since = since
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._feed = feed or JournalFeed()
        self._token = token
        self._lock = Lock()
        self._clear()

    def _clear(self) -> None:
        self._entries: deque[tuple[int, Entry, int]] = deque()
        self._counts: dict[Counted, int] = {}
        self._bytes = 0
        self._truncated = False

    @property
    def truncated(self) -> bool:
        """True if entries were dropped since the start or the last :meth:`clear`."""
        return self._truncated

    def record(self, entry: Entry) -> None:
        """Add ``entry``; the oldest entries make room."""
        with self._lock:
            key = key_of(entry)
            counts = self._counts
            counts[key] = counts.get(key, 0) + 1
            size = entry.size
            feed = self._feed
            number = feed.next_number()
            self._entries.append((number, entry, size))
            self._bytes += size
            while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
                self._bytes -= self._entries.popleft()[2]
                self._truncated = True
            if feed.listeners:
                # Under the lock, so that listeners are told in the order of the journal.
                feed.publish(Update(number, self._token, entry))

    def recount(self, counts: Mapping[Counted, int]) -> None:
        """Set the counters to those of a journal of which only the last entries were kept."""
        with self._lock:
            self._counts = dict(counts)
            self._truncated = sum(counts.values()) > len(self._entries)

    def entries(self, wanted: Key, limit: int) -> list[Entry]:
        """Return the last ``limit`` entries that ``wanted`` selects, newest first."""
        with self._lock:
            newest_first = [entry for _, entry, _ in reversed(self._entries)]
        return list(islice((entry for entry in newest_first if selects(wanted, entry)), limit))

    def numbered(self) -> list[tuple[int, Entry]]:
        """Return all entries with their numbers, oldest first."""
        with self._lock:
            return [(number, entry) for number, entry, _ in self._entries]

    def count(self, wanted: Key) -> int:
        """Return the number of calls that ``wanted`` selects, including those whose entries were dropped."""
        with self._lock:
            return sum(count for key, count in self._counts.items() if matches(wanted, key))

    def clear(self) -> None:
        """Forget entries and counters."""
        with self._lock:
            self._clear()
            self.announce_empty()

    def announce_empty(self) -> None:
        """Tell the listeners that the journal is emptied: it is cleared, or another takes its place."""
        feed = self._feed
        if feed.listeners:
            feed.publish(Update(feed.next_number(), self._token, None))


def selects(wanted: Key, entry: Entry) -> bool:
    """Return True if ``wanted`` selects ``entry``."""
    return matches(wanted, key_of(entry))


def key_of(entry: Entry) -> Counted:
    """Return the attributes by which a call is counted."""
    method = entry.method if entry.method in KNOWN_METHODS else OTHER_METHOD
    return entry.operation, method, entry.status


def matches(wanted: Key, key: Counted) -> bool:
    """Return True if ``wanted`` selects the calls that are counted by ``key``."""
    return all(ask is None or ask == has for ask, has in zip(wanted, key, strict=True))
