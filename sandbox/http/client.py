"""The connection to a client: reads and writes that yield to other greenlets, and detection of a disconnect."""

import errno
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from time import monotonic
from typing import Any

import gevent
from gevent import get_hub, getcurrent

RECEIVE_BYTES = 65_536
READ_AHEAD_BYTES = 65_536
"""Maximum size of the data that is read while a call is in progress; the rest stays in the socket's buffer."""

_READ, _WRITE = 1, 2
_ATTRIBUTE = "sandbox_client"


class Phase(IntEnum):
    """The state of a connection. Those with the lowest value are closed first to make room for others."""

    DRAIN = 0
    """Waiting for the client to stop sending, after the last response."""
    BODY = 1
    """Waiting for more of a body."""
    HEAD = 2
    """Waiting for the rest of a head."""
    WRITE = 3
    """Waiting for the client to receive more of a response."""
    IDLE = 4
    """Waiting for the next request."""
    CALL = 5
    """Waiting for the application."""


class Disconnects:
    """A queue of disconnected clients, of which a few are handled in each iteration of the loop.

    Thousands may disconnect at once, and handling them must not delay the others.
    """

    MAX_PER_TURN = 16

    __slots__ = ("_clients", "_timer")

    def __init__(self) -> None:
        self._clients: deque[Client] = deque()
        self._timer = get_hub().loop.timer(0.0)

    def add(self, client: "Client") -> None:
        """Add a client; its ``on_end`` is called soon."""
        if not self._clients:
            self._timer.start(self._next)
        self._clients.append(client)

    def _next(self) -> None:
        for _ in range(min(self.MAX_PER_TURN, len(self._clients))):
            self._clients.popleft().on_end()
        if self._clients:
            self._timer.start(self._next)


class Closed(Exception):
    """The connection must be closed without a response."""


class Client:
    """A non-blocking socket that is served by one greenlet.

    ``buffer`` is the data that was received and not yet used. ``phase`` is the state of the connection, and ``since``
    the start of that state in seconds of the monotonic clock; :meth:`interrupt` ends the wait.

    The connection keeps one watcher of the loop for its whole life, so that a client that does not send ahead costs no
    system calls other than receiving and sending. The watcher also detects a disconnect while a call is delayed. The
    end of input counts as a disconnect, because a closed connection cannot be distinguished from one that is only shut
    down for writing.
    """

    __slots__ = (
        "_callback",
        "_disconnects",
        "_ended",
        "_greenlet",
        "_is_watching",
        "_loop",
        "_readable",
        "_socket",
        "_switch",
        "_waits_for",
        "_writable",
        "address",
        "buffer",
        "phase",
        "since",
    )

    def __init__(self, connection: socket.socket, address: str, disconnects: Disconnects) -> None:
        hub = get_hub()
        self._loop = hub.loop
        self._switch = hub.switch
        self._socket = connection
        self._readable = hub.loop.io(connection.fileno(), _READ)
        self._writable: Any = None
        self._disconnects = disconnects
        self._greenlet: Any = None
        self._is_watching = False
        self._waits_for = 0
        self._ended = False
        self._callback: Callable[[], object] | None = None
        self.address = address
        self.buffer = b""
        self.phase = Phase.IDLE
        self.since = monotonic()

    @property
    def has_disconnected(self) -> bool:
        """True if the end of input was received, which counts as a disconnect."""
        return self._ended

    def on_disconnect(self, callback: Callable[[], object] | None) -> None:
        """Register ``callback`` to be called once if the client disconnects during its call; None removes it.

        It is called in the loop, so it must not wait. If the client has already disconnected, it is called at once.
        """
        self._callback = callback
        if callback is not None:
            if self._ended:
                callback()
            else:
                self._watch()

    def serve_here(self) -> None:
        """Make this the client that :func:`client_of_greenlet` returns in the current greenlet, until it is closed."""
        setattr(getcurrent(), _ATTRIBUTE, self)

    def receive(self, phase: Phase) -> bytes:
        """Wait for data and return it; empty at the end of input.

        Raises the error passed to :meth:`interrupt`.
        """
        self.phase = phase
        if self._ended:
            return b""
        self._watch()
        return self._wait(_READ) or b""

    def on_end(self) -> None:
        """Resume the greenlet if it waits for data. Called in the loop."""
        if self._waits_for == _READ:
            self._greenlet.switch()

    def sendall(self, data: bytes) -> None:
        """Send all of ``data``. Raises ConnectionError if the client has disconnected or stops receiving."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise disconnected() from error
        if sent < len(data):
            self._send_rest(memoryview(data)[sent:])

    def sendall_of(self, head: bytes, body: bytes) -> None:
        """Send ``head`` and ``body`` together, without concatenating them. Raises ConnectionError."""
        try:
            sent = self._socket.sendmsg((head, body))
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise disconnected() from error
        if sent < len(head):
            self._send_rest(memoryview(head)[sent:])
            sent = len(head)
        if sent < len(head) + len(body):
            self._send_rest(memoryview(body)[sent - len(head) :])

    def interrupt(self, error: BaseException) -> None:
        """Raise ``error`` in the waiting greenlet, unless it stops waiting before the next iteration of the loop."""
        self._loop.run_callback(self._deliver, error, self.phase, self.since)

    def setsockopt(self, *arguments: Any) -> None:
        """Set an option of the socket. Raises OSError."""
        self._socket.setsockopt(*arguments)

    def shutdown(self, how: int) -> None:
        """Shut the socket down. Raises OSError."""
        self._socket.shutdown(how)

    def reset_on_close(self) -> None:
        """Make :meth:`close` discard unsent data and reset the connection (RST)."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        """Close the socket."""
        if client_of_greenlet() is self:
            setattr(getcurrent(), _ATTRIBUTE, None)
        self._ended = True
        self._is_watching = False
        self._readable.close()
        if self._writable is not None:
            self._writable.close()
        self._socket.close()

    def _wait(self, event: int) -> bytes | None:
        self._greenlet = getcurrent()
        self._waits_for = event
        try:
            received: bytes | None = self._switch()
        finally:
            self._waits_for = 0
        return received

    def _send_rest(self, rest: memoryview) -> None:
        phase = self.phase
        self.phase = Phase.WRITE
        self.since = monotonic()
        if self._writable is None:
            self._writable = self._loop.io(self._socket.fileno(), _WRITE)
        self._writable.start(self._on_writable)
        try:
            while rest:
                self._wait(_WRITE)
                try:
                    sent = self._socket.send(rest)
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise disconnected() from error
                self.since = monotonic()
                rest = rest[sent:]
        finally:
            self._writable.stop()
            self.phase = phase

    def _watch(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            self._readable.start(self._on_readable)

    def _unwatch(self) -> None:
        self._is_watching = False
        self._readable.stop()

    def _on_readable(self) -> None:
        """Called in the loop when data or the end of input has arrived."""
        is_awaited = self._waits_for == _READ
        if not is_awaited and (self.phase is not Phase.CALL or len(self.buffer) >= READ_AHEAD_BYTES):
            self._unwatch()
            return
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
        elif is_awaited:
            self._greenlet.switch(data)
        else:
            self.buffer += data

    def _on_writable(self) -> None:
        if self._waits_for == _WRITE:
            self._greenlet.switch()

    def _deliver(self, error: BaseException, phase: Phase, since: float) -> None:
        if self._waits_for and (self.phase, self.since) == (phase, since):
            self._greenlet.throw(error)

    def _end(self) -> None:
        self._ended = True
        self._unwatch()
        if self._callback is not None:
            self._callback()
        self._disconnects.add(self)


def client_of_greenlet() -> Client | None:
    """Return the client that the current greenlet serves, or None."""
    found: Client | None = getattr(getcurrent(), _ATTRIBUTE, None)
    return found


def yield_to_others() -> None:
    """Let all other greenlets run before this one continues.

    A sleep of 0 seconds would not let greenlets run that wait for sockets.
    """
    gevent.sleep(1e-9)


def disconnected() -> ConnectionError:
    """Return the error for a client that does not receive its response, whatever the operating system reports."""
    return ConnectionAbortedError(errno.ECONNABORTED, "the client does not receive its response")
