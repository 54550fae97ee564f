"""A connection, byte by byte: what HTTP clients are too well-behaved to send."""

import json
import socket
from http.client import HTTPMessage, parse_headers
from typing import Any, NamedTuple, Self

import httpx

from tests.live.server import PATIENCE_SECONDS, Server

CREATE = '{"contact_id": "WAz8eIbvDR60rouK"}'


class Answer(NamedTuple):
    """One answer as it came over the wire."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A raw connection to ``server``."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, text: str | bytes) -> None:
        self._socket.sendall(text.encode("latin-1") if isinstance(text, str) else text)

    def finish(self) -> None:
        """Send FIN: there will be no more."""
        self._socket.shutdown(socket.SHUT_WR)

    def answer(self, *, to: str = "GET") -> Answer:
        """The next answer; ``to`` is the method of its request."""
        status = self.status_line()
        headers = parse_headers(self._stream)
        if to == "HEAD" or status in {204, 304} or status < 200:
            return Answer(status, headers, b"")
        length = headers["Content-Length"]
        assert length is not None, headers.as_string()
        return Answer(status, headers, self._stream.read(int(length)))

    def packet(self) -> bytes:
        """What the server sent at once. Only where nothing else of it is read before."""
        return self._socket.recv(100_000)

    def status_line(self) -> int:
        line = self._stream.readline()
        assert line.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), line
        return int(line.split()[1])

    def is_closed(self) -> bool:
        """Whether the server closed the connection (waits until it says either)."""
        try:
            return self._stream.read(1) == b""
        except ConnectionResetError:
            return True


def request(method: str, path: str, token: str, *headers: str, body: str = "") -> str:
    """A whole request as text. ``headers`` are lines; what frames the body is up to them."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        *headers,
        "",
        body,
    ]
    return "\r\n".join(lines)


def create(token: str, *headers: str, body: str = CREATE, length: int | None = None) -> str:
    """A create request that announces ``length`` bytes (the body's own), or is framed by ``headers`` (-1)."""
    announced = len(body) if length is None else length
    framing = [] if announced < 0 else [f"Content-Length: {announced}"]
    return request(
        "POST", "/v1/conversations", token, "Content-Type: application/json", *framing, *headers, body=body
    )


def listed(server: Server, token: str) -> list[Any]:
    """The newest hundred conversations of ``token``, through a client that behaves."""
    answer = httpx.get(
        f"{server.address}/v1/conversations",
        params={"limit": 100},
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE_SECONDS,
    )
    assert answer.status_code == 200
    data: list[Any] = answer.json()["data"]
    return data


def assert_error(answer: Answer, status: int) -> str:
    """``answer`` is an error in the documented shape; its message."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/json"
    kind = "api_error" if status >= 500 else "invalid_request"
    shape = answer.json
    assert list(shape) == ["type", "message", "documentation_url"]
    assert shape["type"] == kind
    assert shape["documentation_url"] == f"https://protocol.chat/docs/errors/{kind}"
    message: str = shape["message"]
    assert message
    return message
