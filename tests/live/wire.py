"""Raw connections, for requests and responses that an HTTP client would not send or show."""

import json
import socket
from http.client import HTTPMessage, parse_headers
from typing import Any, NamedTuple, Self

import httpx

from tests.live.server import TIMEOUT_SECONDS, Server

CREATE = '{"contact_id": "WAz8eIbvDR60rouK"}'


class Response(NamedTuple):
    """A response as it was received."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A raw connection to ``server``."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, text: str | bytes) -> None:
        self._socket.sendall(text.encode("latin-1") if isinstance(text, str) else text)

    def send_eof(self) -> None:
        """Close the sending half of the connection."""
        self._socket.shutdown(socket.SHUT_WR)

    def read_response(self, *, method: str = "GET") -> Response:
        """Read the next response; ``method`` is that of its request."""
        status = self.read_status_line()
        headers = parse_headers(self._stream)
        if method == "HEAD" or status in {204, 304} or status < 200:
            return Response(status, headers, b"")
        length = headers["Content-Length"]
        assert length is not None, headers.as_string()
        return Response(status, headers, self._stream.read(int(length)))

    def read_packet(self) -> bytes:
        """Return one packet. Do not mix with the other read methods, which buffer."""
        return self._socket.recv(100_000)

    def read_status_line(self) -> int:
        """Read a status line and return its status."""
        line = self._stream.readline()
        assert line.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), line
        return int(line.split()[1])

    def is_closed(self) -> bool:
        """Wait for data or the end of the connection; return whether it was the end."""
        try:
            return self._stream.read(1) == b""
        except ConnectionResetError:
            return True


def request(method: str, path: str, token: str, *headers: str, body: str = "") -> str:
    """Return a request as text. ``headers`` are lines, and have to include those that frame the body."""
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
    """Return a create request as text.

    Its ``Content-Length`` is ``length``, by default that of ``body``; with -1 there is none, and ``headers`` frame the
    body.
    """
    content_length = len(body) if length is None else length
    framing = [] if content_length < 0 else [f"Content-Length: {content_length}"]
    return request(
        "POST", "/v1/conversations", token, "Content-Type: application/json", *framing, *headers, body=body
    )


def control(server: Server, token: str, method: str, path: str, body: Any = None) -> Any:
    """Call the control API for ``token``, and return its JSON, or None if there is none."""
    answer = httpx.request(
        method,
        f"{server.address}/__admin/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def list_conversations(server: Server, token: str) -> list[Any]:
    """Return the newest hundred conversations of ``token``."""
    response = httpx.get(
        f"{server.address}/v1/conversations",
        params={"limit": 100},
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert response.status_code == 200
    data: list[Any] = response.json()["data"]
    return data


def assert_error(response: Response, status: int) -> str:
    """Assert that ``response`` is an error in the documented shape, and return its message."""
    assert response.status == status, response
    assert response.headers["Content-Type"] == "application/json"
    kind = "api_error" if status >= 500 else "invalid_request"
    error = response.json
    assert list(error) == ["type", "message", "documentation_url"]
    assert error["type"] == kind
    assert error["documentation_url"] == f"https://protocol.chat/docs/errors/{kind}"
    message: str = error["message"]
    assert message
    return message
