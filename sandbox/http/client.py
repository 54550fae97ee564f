"""The client's end of a connection: reads and writes that yield, and notice when it leaves."""

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
"""So much is read of what a client sends while its call is under way; the rest waits in the system."""

_READ, _WRITE = 1, 2
_ATTRIBUTE = "sandbox_client"


class Phase(IntEnum):
    """What a connection waits for; the lower, the sooner it makes room for another one."""

    DRAIN = 0
    """For its client to stop sending, after the last answer."""
    BODY = 1
    """For more of a body."""
    HEAD = 2
    """For the rest of a head."""
    WRITE = 3
    """For its client to take more of an answer."""
    IDLE = 4
    """For the next request."""
    CALL = 5
    """For the application."""


class Departures:
    """The clients that send no more: a few in each turn of the loop.

    Thousands may leave at once. What is to be done then must not hold up those that stay.
    """

    MAX_PER_TURN = 16

    __slots__ = ("_clients", "_timer")

    def __init__(self) -> None:
        self._clients: deque[Client] = deque()
        self._timer = get_hub().loop.timer(0.0)

    def add(self, client: "Client") -> None:
        """Let ``client`` know that there is no more to come, soon."""
        if not self._clients:
            self._timer.start(self._next)
        self._clients.append(client)

    def _next(self) -> None:
        for _ in range(min(self.MAX_PER_TURN, len(self._clients))):
            self._clients.popleft().hear_end()
        if self._clients:
            self._timer.start(self._next)


class Closed(Exception):
    """The connection is to end without another word."""


class Client:
    """A non-blocking socket, served by one greenlet, the one that waits in it.

    ``buffer`` is what arrived and was not used. ``phase`` says what the connection waits for, and ``since`` when that
    began, in seconds of the monotonic clock; :meth:`interrupt` ends it.

    One watcher of the loop stays with the connection from its beginning to its end, so that a client that sends
    nothing ahead costs no system call beyond receiving and sending. It also notices a client that leaves while its call
    is held back. Its end of input is taken for that: a client that is gone cannot be told from one that only said that
    it sends no more.
    """

    __slots__ = (
        "_departures",
        "_ended",
        "_greenlet",
        "_is_watching",
        "_left",
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

    def __init__(self, connection: socket.socket, address: str, departures: Departures) -> None:
        hub = get_hub()
        self._loop = hub.loop
        self._switch = hub.switch
        self._socket = connection
        self._readable = hub.loop.io(connection.fileno(), _READ)
        self._writable: Any = None
        self._departures = departures
        self._greenlet: Any = None
        self._is_watching = False
        self._waits_for = 0
        self._ended = False
        self._left: Callable[[], object] | None = None
        self.address = address
        self.buffer = b""
        self.phase = Phase.IDLE
        self.since = monotonic()

    @property
    def has_left(self) -> bool:
        """Whether the client sends no more, and so is taken to have left."""
        return self._ended

    def on_leave(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback`` once when the client leaves while its call is under way; None: no longer.

        It is called in the loop, so it must not wait. Where the client left before, it is called at once.
        """
        self._left = callback
        if callback is not None:
            if self._ended:
                callback()
            else:
                self._watch()

    def serve_here(self) -> None:
        """Let what waits in this greenlet find the client with :func:`client_of_greenlet`, until it is closed."""
        setattr(getcurrent(), _ATTRIBUTE, self)

    def receive(self, phase: Phase) -> bytes:
        """Wait for more of what the client sends; nothing when it sends no more.

        Raises what :meth:`interrupt` was given.
        """
        self.phase = phase
        if self._ended:
            return b""
        self._watch()
        return self._wait(_READ) or b""

    def hear_end(self) -> None:
        """Go on, where the end of input was waited for. Run in the loop."""
        if self._waits_for == _READ:
            self._greenlet.switch()

    def sendall(self, data: bytes) -> None:
        """Send all of ``data``. Raises ConnectionError where the client left or takes nothing for too long."""
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise left() from error
        if sent < len(data):
            self._send_rest(memoryview(data)[sent:])

    def sendall_of(self, head: bytes, body: bytes) -> None:
        """Send ``head`` and ``body`` as one, without copying them together. Raises ConnectionError."""
        try:
            sent = self._socket.sendmsg((head, body))
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise left() from error
        if sent < len(head):
            self._send_rest(memoryview(head)[sent:])
            sent = len(head)
        if sent < len(head) + len(body):
            self._send_rest(memoryview(body)[sent - len(head) :])

    def interrupt(self, error: BaseException) -> None:
        """Raise ``error`` where the connection waits for its client, unless it stops waiting before the next turn."""
        self._loop.run_callback(self._deliver, error, self.phase, self.since)

    def setsockopt(self, *arguments: Any) -> None:
        """Set an option of the socket. Raises OSError."""
        self._socket.setsockopt(*arguments)

    def shutdown(self, how: int) -> None:
        """Shut the socket down. Raises OSError."""
        self._socket.shutdown(how)

    def reset_on_close(self) -> None:
        """Let :meth:`close` drop what the client has not taken, and say so with an RST."""
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
                    raise left() from error
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
        """Run in the loop: something arrived, or the end of it."""
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
        if self._left is not None:
            self._left()
        self._departures.add(self)


def client_of_greenlet() -> Client | None:
    """Return the client that the current greenlet serves, if it serves one."""
    found: Client | None = getattr(getcurrent(), _ATTRIBUTE, None)
    return found


def give_way() -> None:
    """Let all others go on before this greenlet does.

    A sleep of no time at all would do so only for those that wait for nothing, and not for sockets.
    """
    gevent.sleep(1e-9)


def left() -> ConnectionError:
    """Return what is raised where a client does not take its answer, whatever the system calls the reason."""
    return ConnectionAbortedError(errno.ECONNABORTED, "the client does not take its answer")
