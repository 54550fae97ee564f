"""The connection of many calls to one server, on which commands travel together."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final

from sandbox.engines.valkey.exchange import Reply, is_stale, receive, send
from sandbox.engines.valkey.failures import FAILURES, reason_of
from sandbox.engines.valkey.topology import Command
from sandbox.engines.valkey.trip import Ask, Trip
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from sandbox.world.sleepers import Event

IDLE_SECONDS: Final = 0.5
"""Time after which an unused connection is checked before it is used: its server may have closed it."""


class Lane:
    """A connection on which at most one pipeline is under way; commands that come meanwhile form the next one.

    The first call leads: it sends and receives for all that wait, in its own greenlet or thread, so a lone call needs
    no switch to another one. When its own replies are there, one of those that wait leads on. If it is killed while it
    waits for replies, another one receives the rest.
    """

    def __init__(
        self,
        open_connection: Callable[[], Any],
        concurrency: Concurrency,
        *,
        timeout: float,
        max_commands: int = 128,
        on_failure: Callable[[str], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``open_connection`` returns a connection of :class:`Connector`.

        ``max_commands`` limits those of a pipeline, unless one call has more. ``on_failure`` is told why a connection
        has failed.
        """
        self._open_connection = open_connection
        self._connection: Any = None
        self._used_at = 0.0
        self._wait = concurrency.wait
        self._new_signal = concurrency.new_signal
        self._timeout = timeout
        self._max_commands = max_commands
        self._on_failure = on_failure
        self._monotonic = monotonic
        self._lock = Lock()
        self._is_led = False
        self._is_busy = False
        self._is_outdated = False
        self._waiting: deque[Ask] = deque()
        self._trip: Trip | None = None

    def ask(self, commands: Sequence[Command]) -> list[Reply]:
        """Return the replies to ``commands``. Raises StoreUnavailable within ``timeout`` seconds.

        A lone call may wait longer for replies that arrive in parts.
        """
        ask = Ask(commands)
        with self._lock:
            self._waiting.append(ask)
            if self._is_led:
                ask.signal = self._new_signal()
            else:
                self._is_led = True
        if ask.signal is None:
            self._lead(ask)
        else:
            self._follow(ask, ask.signal)
        if ask.error is not None:
            raise ask.error
        return ask.replies

    def close(self) -> None:
        """Close the connection after the replies that are awaited; the next call opens another one."""
        with self._lock:
            if self._is_led:
                self._is_outdated = True
            else:
                self._disconnect()

    def _lead(self, ask: Ask) -> None:
        try:
            while not ask.is_done:
                self._travel()
        finally:
            self._hand_over(ask)

    def _travel(self) -> None:
        """Send the commands of those that wait, unless some are on their way, and receive the replies."""
        try:
            if self._trip is None:
                if self._is_busy:
                    # Calls that are about to ask do so first, which saves each of them a trip.
                    self._wait(self._new_signal(), 0.0)
                self._connect()
                self._trip = self._board()
                self._send(self._trip)
            receive(self._connection, self._trip.replies, len(self._trip.commands))
        except FAILURES as error:
            self._fail(reason_of(error))
        else:
            self._arrive(self._trip)

    def _connect(self) -> None:
        connection = self._connection
        now = self._monotonic()
        if connection is not None and (
            self._is_outdated or (now - self._used_at > IDLE_SECONDS and is_stale(connection))
        ):
            self._disconnect()
            connection = None
        if connection is None:
            connection = self._open_connection()
            connection.connect()
            self._connection = connection
        self._used_at = now

    def _board(self) -> Trip:
        asks: list[Ask] = []
        count = 0
        with self._lock:
            waiting = self._waiting
            while waiting and (not asks or count + len(waiting[0].commands) <= self._max_commands):
                ask = waiting.popleft()
                asks.append(ask)
                count += len(ask.commands)
        return Trip.of(asks)

    def _send(self, trip: Trip) -> None:
        try:
            send(self._connection, trip.commands)
        except FAILURES:
            raise
        except BaseException:
            # The call was killed. Nobody knows how much was sent.
            self._fail("its connection was closed")
            raise

    def _arrive(self, trip: Trip) -> None:
        self._trip = None
        self._is_busy = len(trip.asks) > 1 or bool(self._waiting)
        replies = trip.replies
        for ask in trip.asks:
            ask.replies = [replies[place] for place in ask.places] if ask.places else replies
            ask.end()

    def _fail(self, reason: str) -> None:
        """End all asks by an error, those that wait too, so that nobody waits longer than one timeout."""
        self._disconnect()
        trip, self._trip = self._trip, None
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        self._on_failure(reason)
        for ask in trip.asks if trip is not None else ():
            ask.end(StoreUnavailable(reason, may_be_done=True))
        for ask in waiting:
            ask.end(StoreUnavailable(reason))

    def _hand_over(self, ask: Ask) -> None:
        """Let another call lead, after ``ask`` is done or its call was killed."""
        with self._lock:
            if not ask.is_done:
                self._forget(ask)
            heir = self._heir()
            if heir is not None:
                heir.leads = True
            else:
                self._is_led = False
                if self._trip is not None or self._is_outdated:
                    # Nobody is left to receive the replies.
                    self._trip = None
                    self._disconnect()
        if heir is not None and heir.signal is not None:
            heir.signal.set()

    def _heir(self) -> Ask | None:
        if self._trip is not None:
            for ask in self._trip.asks:
                if not ask.is_gone:
                    return ask
        return self._waiting[0] if self._waiting else None

    def _follow(self, ask: Ask, signal: Event) -> None:
        """Wait until ``ask`` is done, or lead if it is its turn."""
        try:
            self._wait(signal, self._timeout)
        except BaseException:
            self._leave(ask)
            raise
        if ask.is_done:
            return
        if ask.leads:
            self._lead(ask)
            return
        is_sent = self._leave(ask)
        if not ask.is_done:
            raise StoreUnavailable("it has not replied in time", may_be_done=is_sent)

    def _leave(self, ask: Ask) -> bool:
        """Give up ``ask``. Return True if its commands are on their way."""
        with self._lock:
            is_sent = not self._forget(ask)
            leads = ask.leads
        if leads and not ask.is_done:
            self._hand_over(ask)
        return is_sent

    def _forget(self, ask: Ask) -> bool:
        """Mark ``ask`` as one whose call has gone. Return True if it was not sent, and will not be."""
        ask.is_gone = True
        try:
            self._waiting.remove(ask)
        except ValueError:
            return False
        return True

    def _disconnect(self) -> None:
        self._is_outdated = False
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
