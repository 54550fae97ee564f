"""The request body as a WSGI input stream: read on demand, and never beyond its end."""

from io import RawIOBase
from time import monotonic
from typing import Any

from sandbox.http.client import Client, Phase

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestBody(RawIOBase):
    """The base of request bodies; each subclass implements one framing.

    ``expects_continue``: the client waits for ``100 Continue``, which is sent at the first read. A response that does
    not need the body is therefore sent without it.
    """

    def __init__(self, client: Client, *, expects_continue: bool) -> None:
        self._client = client
        self._expects_continue = expects_continue

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        """Read into ``target`` and return the number of bytes; 0 at the end.

        Raises OSError if the framing is invalid, and Problem 408 if the body stops arriving.
        """
        while True:
            data = self._take(len(target))
            if data:
                target[: len(data)] = data
                return len(data)
            if self.is_at_end:
                return 0
            if not self._more():
                return self._incomplete()

    @property
    def is_at_end(self) -> bool:
        """True if the whole body was read."""
        raise NotImplementedError

    def skip_buffered(self) -> bool:
        """Discard the rest of the body that has arrived; return True if that was all of it."""
        raise NotImplementedError

    def _take(self, most: int) -> bytes:
        """Return up to ``most`` bytes from the client's buffer; none if more must arrive first."""
        raise NotImplementedError

    def _incomplete(self) -> int:
        """Return 0 if the application can detect that the body is incomplete; raise OSError if it cannot."""
        raise NotImplementedError

    def _more(self) -> bool:
        client = self._client
        if self._expects_continue:
            self._expects_continue = False
            client.sendall(CONTINUE)
        client.since = monotonic()
        try:
            data = client.receive(Phase.BODY)
        finally:
            client.phase = Phase.CALL
        client.buffer += data
        return bool(data)


class LengthBody(RequestBody):
    """A body with a ``Content-Length``."""

    def __init__(self, client: Client, length: int, *, expects_continue: bool = False) -> None:
        super().__init__(client, expects_continue=expects_continue)
        self._remaining = length

    @property
    def is_at_end(self) -> bool:
        return self._remaining == 0

    def skip_buffered(self) -> bool:
        self._take(self._remaining)
        return self._remaining == 0

    def _take(self, most: int) -> bytes:
        most = min(most, self._remaining)
        buffer = self._client.buffer
        data = buffer[:most]
        self._client.buffer = buffer[most:]
        self._remaining -= len(data)
        return data

    def _incomplete(self) -> int:
        return 0
