"""A server that several processes share, and that is started when the first of them asks for it.

The controller of pytest-xdist cannot know whether any test needs a server, as it sees only their names. So it hands out
tickets, and a worker comes back with its ticket when a test asks. Tickets must cost next to nothing, so this module
imports little.
"""

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from hmac import compare_digest
from threading import Thread
from typing import NamedTuple, TypedDict

from protocol_sandbox.errors import SandboxError, StartError

LOOPBACK = "127.0.0.1"
MAX_START_SECONDS = 90.0
_WAIT_SECONDS = 5.0
_MAX_BYTES = 65_536


class Ticket(TypedDict):
    """The port at which to ask for the server, and a secret that other programs of this machine do not have."""

    port: int
    key: str


class Access(NamedTuple):
    """The base URL of a server, and the token of its control API, if it has one."""

    url: str
    admin_token: str | None


class SharedServer:
    """Answers processes that ask for a server.

    ``start`` starts it, or returns the access to it again. It is called in a thread, and may raise SandboxError.
    """

    def __init__(self, start: Callable[[], Access]) -> None:
        self._start = start
        self._listener = socket.create_server((LOOPBACK, 0))
        self.ticket: Ticket = {"port": self._listener.getsockname()[1], "key": os.urandom(16).hex()}
        Thread(target=self._serve, name="protocol-sandbox", daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        with suppress(OSError):
            # Closing alone would not wake the thread.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(_WAIT_SECONDS)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        asked = _read_line(connection)
        if not compare_digest(asked, self.ticket["key"].encode()):
            return
        answer: dict[str, str | None]
        try:
            answer = dict(self._start()._asdict())
        except SandboxError as error:
            answer = {"error": str(error)}
        connection.sendall(json.dumps(answer).encode() + b"\n")


def ask_for_server(ticket: Ticket) -> Access:
    """Return the access to the server that the process of ``ticket`` has started, or now starts. Raises StartError."""
    try:
        with socket.create_connection((LOOPBACK, ticket["port"]), MAX_START_SECONDS) as connection:
            connection.sendall(ticket["key"].encode() + b"\n")
            answer = json.loads(_read_line(connection))
    except (OSError, ValueError) as error:
        raise StartError(
            f"The controller of this run does not respond ({error!r}). A worker on another machine needs --sandbox-url."
        ) from error
    if "error" in answer:
        raise StartError(answer["error"])
    return Access(answer["url"], answer["admin_token"])


def _read_line(connection: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\n") and len(said) < _MAX_BYTES:
        part = connection.recv(4096)
        if not part:
            break
        said += part
    return said.rstrip(b"\n")
