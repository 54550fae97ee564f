"""One connection: requests are read, passed to the application and answered, one after the other."""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO
from logging import Logger
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent

from sandbox.edge.client import KEY as CLIENT_KEY
from sandbox.http import refusals
from sandbox.http.body import LengthBody, RequestBody
from sandbox.http.chunked import ChunkedBody
from sandbox.http.client import Client, Closed, Phase, yield_to_others
from sandbox.http.date import DateHeader
from sandbox.http.environ import environ_of
from sandbox.http.head import END, RequestLine, check_beginning, parse_line, without_empty_lines
from sandbox.http.headers import CODING, LENGTH, HeaderParser, Headers, sent_origin
from sandbox.http.limits import Limits
from sandbox.http.response_writer import ResponseWriter
from sandbox.problems import Problem, internal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

MAX_DRAINED_BYTES = 67_108_864
"""Maximum size of the data that is discarded after the last response, so that the client receives it and not an RST."""


@dataclass(slots=True)
class Service:
    """The state that all connections share. ``scheme_of`` returns ``http`` or ``https``, or raises Problem."""

    app: "WSGIApplication"
    limits: Limits
    log: Logger
    date: DateHeader
    scheme_of: Callable[["WSGIEnvironment"], str]
    is_ending: bool = False
    headers: HeaderParser = field(init=False)

    def __post_init__(self) -> None:
        self.headers = HeaderParser(self.limits.max_headers)


class Connection:
    """A connection. ``base`` is the part of the WSGI environment that all its requests share."""

    __slots__ = ("_base", "_client", "_environ", "_service")

    def __init__(self, client: Client, service: Service, base: "WSGIEnvironment") -> None:
        self._client = client
        self._service = service
        self._base = {**base, "gunicorn.socket": client, CLIENT_KEY: client}
        self._environ: WSGIEnvironment = {}

    def serve(self) -> None:
        """Serve requests until one side ends the connection, then close it."""
        client = self._client
        client.serve_here()
        try:
            while self._serve_one():
                client.phase = Phase.IDLE
                client.since = monotonic()
                if client.buffer:
                    yield_to_others()
        except Problem as problem:
            self._refuse(problem)
        except (Closed, ConnectionError):
            pass
        finally:
            client.close()

    def _serve_one(self) -> bool:
        """Serve one request; return True if the connection stays open."""
        self._environ = {}
        data = self._read_head()
        if data is None:
            return False
        service = self._service
        line, headers = self._parse(data)
        environ = self._environ
        environ["wsgi.url_scheme"] = service.scheme_of(environ)
        body = self._body(environ)
        environ["wsgi.input"] = BytesIO() if body is None else BufferedReader(body)

        def may_keep_alive() -> bool:
            return headers.keeps_alive and not service.is_ending and (body is None or body.skip_buffered())

        response = ResponseWriter(
            self._client, service.date, may_keep_alive, line.minor, is_head=line.method == "HEAD"
        )
        self._client.phase = Phase.CALL
        try:
            self._call_app(environ, response)
        finally:
            self._client.on_disconnect(None)
        if response.keeps_alive:
            return True
        if self._client.buffer or (body is not None and not body.is_at_end):
            self._drain()
        return False

    def _parse(self, head: bytes) -> tuple[RequestLine, Headers]:
        """Make the WSGI environment of a complete head, and return the head's parts.

        Raises Problem. Then the environment has the origin of the head, so that its page can read the response.
        """
        try:
            line = parse_line(head, self._service.limits)
            self._environ = {"REQUEST_METHOD": line.method}
            headers = self._service.headers.parse(head[line.size :], line.minor)
            self._environ = environ_of(self._base, line, headers)
        except Problem:
            origin = sent_origin(head)
            if origin is not None:
                self._environ["HTTP_ORIGIN"] = origin
            raise
        return line, headers

    def _call_app(self, environ: "WSGIEnvironment", response: ResponseWriter) -> None:
        try:
            body = self._service.app(environ, response.start)
            try:
                response.send(body)
            finally:
                close: Any = getattr(body, "close", None)
                if close is not None:
                    close()
        except (ConnectionError, gevent.GreenletExit):
            # The client has disconnected, or a fault simulates that.
            raise
        except Exception as error:
            self._service.log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            if response.has_begun:
                raise Closed from error
            raise internal() from error

    def _read_head(self) -> bytes | None:
        """Return the next head including its empty line; None at the end of input. Raises Problem."""
        client = self._client
        checked = 0
        while True:
            buffer = client.buffer
            if buffer[:1] == b"\r":
                buffer = client.buffer = without_empty_lines(buffer)
            end = buffer.find(END, max(checked - len(END), 0))
            if end >= 0:
                end += len(END)
                client.buffer = buffer[end:]
                return buffer[:end]
            if buffer and buffer != b"\r":
                check_beginning(buffer, checked, self._service.limits)
                checked = len(buffer)
            if buffer and client.phase is Phase.IDLE:
                client.phase = Phase.HEAD
                client.since = monotonic()
            data = client.receive(client.phase)
            if not data:
                return None
            client.buffer = buffer + data if buffer else data

    def _body(self, environ: "WSGIEnvironment") -> RequestBody | None:
        length, coding = environ.get(LENGTH), environ.get(CODING)
        if length is None and coding is None:
            return None
        expectation = environ.get("HTTP_EXPECT", "") if environ["SERVER_PROTOCOL"] == "HTTP/1.1" else ""
        expects = expectation.lower() == "100-continue"
        if expectation and not expects:
            raise refusals.unknown_expectation()
        if coding is not None:
            return ChunkedBody(self._client, self._service.limits.max_header_bytes, expects_continue=expects)
        return LengthBody(self._client, int(length or 0), expects_continue=expects)

    def _refuse(self, problem: Problem) -> None:
        sends_body = self._environ.get("REQUEST_METHOD") != "HEAD"
        with suppress(OSError, Closed):
            date = self._service.date()
            self._client.sendall(refusals.error_response(problem, self._environ, date, sends_body=sends_body))
            self._drain()

    def _drain(self) -> None:
        """Discard input until the client stops sending, as closing earlier would reset the connection."""
        client = self._client
        client.buffer = b""
        client.since = monotonic()
        drained = 0
        with suppress(OSError, Closed):
            client.shutdown(socket.SHUT_WR)
            while drained < MAX_DRAINED_BYTES:
                data = client.receive(Phase.DRAIN)
                if not data:
                    break
                drained += len(data)
