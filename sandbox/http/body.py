"""The body of a request as WSGI hands it on: read when it is asked for, never further than its end."""

from io import RawIOBase
from time import monotonic
from typing import Any

from sandbox.http.client import Client, Phase

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestBody(RawIOBase):
    """What bodies have in common; a subclass says what framing it has.

    ``expects_continue``: the client sends nothing until it is told to. It is told when something is read, so that an
    answer that needs no body comes alone.
    """

    def __init__(self, client: Client, *, expects_continue: bool) -> None:
        self._client = client
        self._expects_continue = expects_continue

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        """Fill ``target`` as far as there is something; 0 at the end.

        Raises OSError where the framing is broken and Problem 408 where nothing arrives any more.
        """
        while True:
            data = self._take(len(target))
            if data:
                target[: len(data)] = data
                return len(data)
            if self.is_at_end:
                return 0
            if not self._more():
                return self._cut_short()

    @property
    def is_at_end(self) -> bool:
        """Whether all of it was taken."""
        raise NotImplementedError

    def skip_buffered(self) -> bool:
        """Drop the rest as far as it is here already; answers whether that was all of it."""
        raise NotImplementedError

    def _take(self, most: int) -> bytes:
        """Take up to ``most`` bytes out of the client's buffer; none where more must arrive first."""
        raise NotImplementedError

    def _cut_short(self) -> int:
        """Say that the client left before the end: 0 where the application can tell, OSError where it cannot."""
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
    """A body whose length was announced."""

    def __init__(self, client: Client, length: int, *, expects_continue: bool = False) -> None:
        super().__init__(client, expects_continue=expects_continue)
        self._left = length

    @property
    def is_at_end(self) -> bool:
        return self._left == 0

    def skip_buffered(self) -> bool:
        self._take(self._left)
        return self._left == 0

    def _take(self, most: int) -> bytes:
        most = min(most, self._left)
        buffer = self._client.buffer
        data = buffer[:most]
        self._client.buffer = buffer[most:]
        self._left -= len(data)
        return data

    def _cut_short(self) -> int:
        return 0
