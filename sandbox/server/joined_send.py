"""The head of an answer and its body, sent as one."""

import socket
from typing import Any

JOINED_BYTES = 65_536
"""A body that is longer is sent by itself: copying it would cost more than a second system call."""


class Joining:
    """The client's socket for one answer: what is sent first, the head, waits for what is sent next, the body.

    gunicorn sends the two one by one. As one they cost half the system calls, and the client one packet. Whatever else
    is done with the socket finds everything sent that was handed over before.
    """

    __slots__ = ("_head", "_is_head", "_socket")

    def __init__(self, client: socket.socket) -> None:
        self._socket = client
        self._head = b""
        self._is_head = True

    def sendall(self, data: bytes) -> None:
        """Send ``data``, sooner or later. Raises OSError."""
        if self._is_head:
            self._is_head = False
            self._head = data
        elif len(data) <= JOINED_BYTES:
            head, self._head = self._head, b""
            self._send(head + data)
        else:
            self.flush()
            self._send(data)

    def flush(self) -> None:
        """Send what waits. Raises OSError."""
        if self._head:
            head, self._head = self._head, b""
            self._send(head)

    def __getattr__(self, name: str) -> Any:
        self.flush()
        return getattr(self._socket, name)

    def _send(self, data: bytes) -> None:
        # Nearly always all of it fits, and then this is the cheaper call.
        sent = self._socket.send(data)
        if sent < len(data):
            self._socket.sendall(memoryview(data)[sent:])
