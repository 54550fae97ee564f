"""Sending a response: head and body together if possible, and in chunks if the length is unknown."""

from collections.abc import Callable, Iterable
from types import TracebackType

from sandbox.http.client import Client, yield_to_others
from sandbox.http.date import DateHeader
from sandbox.http.headers import has_token

JOINED_BYTES = 16_384
"""Maximum size of a body that is concatenated with its head; a longer one is sent without copying it."""

_FRAMING = frozenset({"content-length", "connection", "transfer-encoding"})
_BODILESS = ("204", "304", "1")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class ResponseWriter:
    """Sends the response to one request. :meth:`start` is its WSGI ``start_response``.

    ``may_keep_alive`` is called once, when the head is sent; it returns True if the connection may stay open.
    """

    __slots__ = (
        "_announced",
        "_client",
        "_date",
        "_is_bodiless",
        "_is_chunked",
        "_is_head",
        "_may_keep_alive",
        "_minor",
        "_sent",
        "has_begun",
        "headers",
        "keeps_alive",
        "status",
    )

    def __init__(
        self,
        client: Client,
        date: DateHeader,
        may_keep_alive: Callable[[], bool],
        minor: int,
        *,
        is_head: bool,
    ) -> None:
        self._client = client
        self._date = date
        self._may_keep_alive = may_keep_alive
        self._minor = minor
        self._is_head = is_head
        self._is_bodiless = False
        self._is_chunked = False
        self._announced: int | None = None
        self._sent = 0
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.has_begun = False
        self.keeps_alive = False

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """Set the status and the headers, which are sent with the first part of the body."""
        if exc_info is not None and exc_info[1] is not None and self.has_begun:
            raise exc_info[1]
        if self.status and exc_info is None:
            raise RuntimeError("start_response was called twice")
        self.status = status
        self.headers = headers
        self._is_bodiless = self._is_head or status.startswith(_BODILESS)
        return self.write

    def send(self, body: Iterable[bytes]) -> None:
        """Send the whole response. Raises OSError if the client has disconnected."""
        if isinstance(body, (tuple, list)) and len(body) <= 1 and not self.has_begun:
            self._send_whole(body[0] if body else b"")
            return
        for part in body:
            self.write(part)
            if len(part) > JOINED_BYTES:
                # A client that receives fast would otherwise hold all others until the end of a long body.
                yield_to_others()
        self._finish()

    def write(self, data: bytes) -> None:
        """Send a part of the body, preceded by the head if that was not sent yet."""
        head = b""
        if not self.has_begun:
            head = self._head(None)
        if self._is_bodiless:
            data = b""
        elif self._announced is not None:
            # A client would take data beyond the announced length for the next response.
            data = data[: self._announced - self._sent]
        self._sent += len(data)
        if self._is_chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if head or data:
            self._client.sendall(head + data)

    def _send_whole(self, body: bytes) -> None:
        head = self._head(len(body))
        if self._is_bodiless:
            self._client.sendall(head)
            return
        if self._announced is not None and self._announced != len(body):
            body = body[: self._announced]
            self.keeps_alive = self.keeps_alive and len(body) == self._announced
        if len(body) <= JOINED_BYTES:
            self._client.sendall(head + body)
        else:
            self._client.sendall_of(head, body)

    def _finish(self) -> None:
        if not self.has_begun:
            self._send_whole(b"")
        elif self._is_chunked:
            self._client.sendall(b"0\r\n\r\n")
        elif self._announced is not None and self._sent < self._announced and not self._is_bodiless:
            self.keeps_alive = False

    def _head(self, length: int | None) -> bytes:
        """Return the head of a response whose body has ``length`` bytes; None if the length is unknown."""
        if not self.status:
            raise RuntimeError("the application did not call start_response")
        self.keeps_alive = self._may_keep_alive()
        lines = [f"HTTP/1.1 {self.status}\r\nDate: {self._date()}"]
        for name, value in self.headers:
            if name.lower() not in _FRAMING or self._keeps(name.lower(), value):
                lines.append(f"{name}: {value}")
        if self._announced is None and not self._is_bodiless:
            lines += self._framing(length)
        if not self.keeps_alive:
            lines.append("Connection: close")
        elif not self._minor:
            lines.append("Connection: keep-alive")
        lines.append("\r\n")
        text = "\r\n".join(lines)
        count = len(lines) + 1
        if text.count("\n") != count or text.count("\r") != count:
            raise ValueError("a response header contains a line break")
        self.has_begun = True
        return text.encode("latin-1")

    def _keeps(self, name: str, value: str) -> bool:
        """Apply a header about framing or the connection; return True if the header is to be sent."""
        if name == "content-length" and not self.status.startswith("204"):
            self._announced = int(value)
            return True
        if name == "connection" and has_token(value, "close"):
            self.keeps_alive = False
        return False

    def _framing(self, length: int | None) -> list[str]:
        """Return the header that announces the end of the body, if the application has not set it."""
        if length is not None:
            self._announced = length
            return [f"Content-Length: {length}"]
        if self._minor:
            self._is_chunked = True
            return ["Transfer-Encoding: chunked"]
        # In HTTP/1.0 the end of the connection is the end of the body.
        self.keeps_alive = False
        return []
