"""The connection of a WSGI request, which faults need and WSGI does not offer."""

import errno
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from sandbox.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEYS = ("gunicorn.socket", "werkzeug.socket")


class Connection:
    """The client's socket. A method that ends it does not return: it raises what servers take for a client that left.

    Servers log a traceback for an OSError without a number, so each carries one.
    """

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self._environ = environ

    @property
    def _socket(self) -> socket.socket:
        for key in _KEYS:
            if key in self._environ:
                found: socket.socket = self._environ[key]
                return found
        raise Problem(
            500,
            "This fault needs the connection's socket, which this WSGI server does not offer; protocol-sandbox, "
            "gunicorn and flask run do.",
        )

    def finish(self, data: bytes) -> NoReturn:
        """Send ``data`` and close the connection."""
        connection = self._socket
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            self.left()
        self.left()

    def reset(self) -> NoReturn:
        """Close the connection with an RST instead of a FIN: with a linger time of zero seconds."""
        connection = self._socket
        with suppress(OSError):  # the client may have left already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # If the server still reads from the socket, closing waits for the end of that. This ends it, and sends
            # nothing.
            connection.shutdown(socket.SHUT_RD)
        connection.close()
        raise ConnectionResetError(errno.ECONNRESET, "the sandbox was asked to reset the connection")

    @staticmethod
    def left() -> NoReturn:
        """End the request without sending another byte."""
        raise BrokenPipeError(errno.EPIPE, "the sandbox was asked to end the connection")
