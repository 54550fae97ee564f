"""A connection over a socket pair in this process, and parsing of its responses."""

import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import gevent

from sandbox.http.client import Client, Disconnects
from sandbox.http.connection import Connection, Service
from sandbox.http.date import DateHeader
from sandbox.http.limits import Limits
from sandbox.http.scheme import SchemeReader

PATIENCE_SECONDS = 20.0
"""Maximum time of a wait on a busy machine; it is never reached unless a test fails."""
NOW = 784111777.0
HOST = "Host: 127.0.0.1"

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Received(NamedTuple):
    """A response as it was sent; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Echo:
    """A WSGI application that reads the body, returns it, and records each environment."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.calls.append(environ)
        body = environ["wsgi.input"].read()
        self.bodies.append(body)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]


def service(app: Any, limits: Limits | None = None, log: logging.Logger | None = None) -> Service:
    return Service(
        app,
        limits or Limits(),
        log or logging.getLogger("tests.http"),
        DateHeader(lambda: NOW),
        SchemeReader({"X-FORWARDED-PROTO": "https", "X-FORWARDED-SSL": "on"}, ["*"]),
    )


def connection(app: Any, limits: Limits | None = None) -> tuple[Connection, socket.socket]:
    """Return a connection to ``app`` that is not served yet, and the client's socket."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    base = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SCRIPT_NAME": "", "wsgi.input_terminated": True}
    return Connection(Client(ours, "here", Disconnects()), service(app, limits), base), theirs


def exchange(app: Any, sent: bytes | str, limits: Limits | None = None) -> bytes:
    """Return all responses to ``sent``, after which the client sends nothing."""
    served, client = connection(app, limits)
    with client:
        client.sendall(sent.encode("latin-1") if isinstance(sent, str) else sent)
        client.shutdown(socket.SHUT_WR)
        with gevent.Timeout(PATIENCE_SECONDS):
            served.serve()
        received = b""
        while piece := client.recv(1_000_000):
            received += piece
    return received


def responses(received: bytes, *, to: str = "GET") -> list[Received]:
    """Return the responses in ``received``, which must be valid. ``to`` is the method of the requests."""
    found = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, received
        line, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
        if to == "HEAD" or status in {"204", "304", "100"}:
            body, received = b"", rest
        elif "transfer-encoding" in headers:
            body, received = _unchunked(rest)
        elif "content-length" in headers:
            length = int(headers["content-length"])
            assert len(rest) >= length, received
            body, received = rest[:length], rest[length:]
        else:
            body, received = rest, b""
        found.append(Received(int(status), headers, body))
    return found


def only(received: bytes, *, to: str = "GET") -> Received:
    """Return the only response in ``received``."""
    (response,) = responses(received, to=to)
    return response


def request(method: str, target: str, *headers: str, body: str = "", host: str = HOST) -> str:
    return "\r\n".join([f"{method} {target} HTTP/1.1", *([host] if host else []), *headers, "", body])


def _unchunked(rest: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        assert rest[length : length + 2] == b"\r\n"
        body, rest = body + rest[:length], rest[length + 2 :]
        if not length:
            return body, rest
