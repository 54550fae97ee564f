"""The journals as they grow: whoever listens is told of each call when it is recorded.

A call that nobody listens to costs one look at an empty tuple.
"""

from collections import deque
from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sandbox.world.errors import ListenersFull
from sandbox.world.sleepers import Event, NewEvent, Wait, new_event, wait

if TYPE_CHECKING:
    from sandbox.world.journal import Entry

MAX_UPDATES = 2_000
MAX_BYTES = 4_194_304
"""The bounds of what a listener has not taken yet; what comes on top is dropped and counted."""


class Update(NamedTuple):
    """A call that was recorded in a world, or, with ``entry`` None, that the world's journal was emptied.

    ``token`` is the text of the world's key: see :func:`~sandbox.world.world_name.text_of`.
    ``number`` increases with each call of the process, so that it orders the calls of all worlds.
    """

    number: int
    token: str
    entry: "Entry | None"


class Batch(NamedTuple):
    """The updates that a listener takes at once, oldest first, and the number of those that are missing after them.

    ``dropped`` is None if nobody knows how many they are.
    """

    updates: tuple[Update, ...]
    dropped: int | None


Wants = Callable[[Update], bool]


class Listener:
    """A bounded queue of the updates that ``wants`` selects, for one reader.

    Once an update was dropped, all further ones are, until the reader has taken what was queued before. So it learns
    exactly between which updates others are missing. ``since`` is the number of the first call that it may be told of.
    """

    __slots__ = (
        "_bytes",
        "_dropped",
        "_event",
        "_lock",
        "_max_bytes",
        "_max_updates",
        "_new_event",
        "_updates",
        "_wait",
        "_wants",
        "is_closed",
        "since",
    )

    def __init__(
        self, wants: Wants, since: int, wait: Wait, new_event: NewEvent, max_updates: int, max_bytes: int
    ) -> None:
        self.since = since
        self.is_closed = False
        self._wants = wants
        self._wait = wait
        self._new_event = new_event
        self._max_updates = max_updates
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._updates: deque[Update] = deque()
        self._bytes = 0
        self._dropped: int | None = 0
        self._event: Event | None = None

    def put(self, update: Update) -> None:
        """Queue an update, or count it as dropped. Never waits: it is called while a call is recorded."""
        if not self._wants(update):
            return
        with self._lock:
            size = _size_of(update)
            if (
                self._dropped != 0
                or len(self._updates) >= self._max_updates
                or self._bytes + size > self._max_bytes
            ):
                if self._dropped is not None:
                    self._dropped += 1
            else:
                self._updates.append(update)
                self._bytes += size
            event, self._event = self._event, None
        if event is not None:
            event.set()

    def miss(self) -> None:
        """Note that updates are missing from now on, of which nobody knows the number."""
        with self._lock:
            self._dropped = None
            event, self._event = self._event, None
        if event is not None:
            event.set()

    def take(self, seconds: float, limit: int) -> Batch:
        """Return up to ``limit`` updates; where there is none, wait for one, at most ``seconds``.

        The batch is empty if the time is over, the listener was closed, or something else set the event.
        """
        with self._lock:
            if self._updates or self._dropped != 0 or self.is_closed:
                return self._take(limit)
            event = self._event = self._new_event()
        self._wait(event, seconds)
        with self._lock:
            self._event = None
            return self._take(limit)

    def close(self) -> None:
        """Let the reader know that there is nothing more to come."""
        with self._lock:
            self.is_closed = True
            event, self._event = self._event, None
        if event is not None:
            event.set()

    def _take(self, limit: int) -> Batch:
        updates = tuple(self._updates.popleft() for _ in range(min(limit, len(self._updates))))
        self._bytes -= sum(_size_of(update) for update in updates)
        dropped: int | None = 0
        if not self._updates:
            dropped, self._dropped = self._dropped, 0
        return Batch(updates, dropped)


class FeedSource(Protocol):
    """A source of calls that other processes have recorded."""

    def begin(self) -> None:
        """Publish the calls in the feed from now on. Raises StoreUnavailable."""
        ...

    def end(self) -> None:
        """Publish no more calls."""
        ...


class JournalFeed:
    """The listeners of all journals of a server, at most ``max_listeners``.

    ``listeners`` is replaced and never changed, so that it is read without a lock. ``next_number`` numbers the calls of
    the process. ``source``, if there is one, publishes the calls of other processes while there are listeners.
    ``wait`` is how a reader waits, and ``new_event`` makes the event that wakes it.
    """

    __slots__ = ("_lock", "_max_listeners", "_new_event", "_wait", "listeners", "next_number", "source")

    def __init__(self, max_listeners: int = 100, wait: Wait = wait, new_event: NewEvent = new_event) -> None:
        self._max_listeners = max_listeners
        self._wait = wait
        self._new_event = new_event
        self._lock = Lock()
        self.listeners: tuple[Listener, ...] = ()
        self.source: FeedSource | None = None
        self.next_number: Callable[[], int] = count(1).__next__

    def listen(self, wants: Wants, max_updates: int = MAX_UPDATES, max_bytes: int = MAX_BYTES) -> Listener:
        """Return a new listener; call :meth:`leave` when its reader is gone. Raises ListenersFull."""
        with self._lock:
            if len(self.listeners) >= self._max_listeners:
                raise ListenersFull(self._max_listeners)
            listener = Listener(
                wants, self.next_number(), self._wait, self._new_event, max_updates, max_bytes
            )
            is_first = not self.listeners
            self.listeners = (*self.listeners, listener)
        if is_first and self.source is not None:
            try:
                self.source.begin()
            except BaseException:
                self.leave(listener)
                raise
        return listener

    def leave(self, listener: Listener) -> None:
        """Tell ``listener`` nothing more."""
        with self._lock:
            listeners = tuple(each for each in self.listeners if each is not listener)
            is_last = bool(self.listeners) and not listeners
            self.listeners = listeners
        if is_last and self.source is not None:
            self.source.end()

    def publish(self, update: Update) -> None:
        """Tell all listeners."""
        for listener in self.listeners:
            listener.put(update)

    def miss(self) -> None:
        """Let all listeners know that calls of other processes are missing."""
        for listener in self.listeners:
            listener.miss()

    def close(self) -> None:
        """Close all listeners: their readers end at once."""
        for listener in self.listeners:
            listener.close()


def _size_of(update: Update) -> int:
    return 0 if update.entry is None else update.entry.size
