"""Parsing the head of a request, its request line and headers, with llhttp."""

import re
from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from sandbox.http import refusals
from sandbox.http.limits import Limits

END = b"\r\n\r\n"

# One space between the parts, and a supported version: llhttp is more lenient about both.
_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\x00-\x20\x7f#]+) HTTP/1\.([01])\r\n")
_BEGINNING = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: |\Z)")
_BARE = re.compile(rb"(?<!\r)\n|\r[^\n]|\x00")
_EMPTY_LINES = re.compile(rb"(?:\r\n)*")

# llhttp knows a fixed set of methods, and some of them change how it parses the rest (CONNECT, PRI, those of RTSP).
_PLAIN_METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})


class Head(NamedTuple):
    """A request without its body. ``minor`` is 1 for HTTP/1.1 and 0 for HTTP/1.0; header names are unchanged."""

    method: str
    target: str
    minor: int
    headers: list[tuple[bytes, bytes]]


class HeadParser:
    """Parser of the heads on one connection. llhttp calls :meth:`on_header`."""

    __slots__ = ("_headers", "_limits", "_parser")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._headers: list[tuple[bytes, bytes]] = []
        self._parser: HttpRequestParser | None = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header."""
        self._headers.append((name, value))

    def restart(self) -> None:
        """Start with a new parser. Necessary after a head that announces a body, as the parser never gets the body."""
        self._parser = None

    def parse(self, head: bytes) -> Head:
        """Return the parts of ``head``, which ends with its empty line. Raises Problem 400, 414, 431 or 501."""
        line = _LINE.match(head)
        self._check_sizes(head)
        if line is None:
            raise refusals.unreadable("its first line is not a method, a target and a version")
        method, target, minor = line.groups()
        headers: list[tuple[bytes, bytes]] = []
        self._headers = headers
        if self._parser is None:
            self._parser = HttpRequestParser(self)
        try:
            # The application decides which methods exist, so llhttp gets a method that it knows.
            self._parser.feed_data(head if method in _PLAIN_METHODS else b"GET" + head[len(method) :])
        except HttpParserUpgrade:
            # No other protocol is supported: a request to upgrade is ignored.
            self._parser = None
        except HttpParserError as error:
            self._parser = None
            _check_coding(headers)
            raise refusals.unreadable(_reason(error)) from None
        if len(headers) > self._limits.max_headers:
            raise refusals.too_many_headers(self._limits.max_headers)
        return Head(method.decode(), target.decode("latin-1"), minor == b"1", headers)

    def check_beginning(self, beginning: bytes, checked: int) -> None:
        """Raise Problem 400, 414 or 431 if an incomplete head cannot become a valid one.

        The first ``checked`` bytes were checked before.
        """
        self._check_sizes(beginning)
        if not _BEGINNING.match(beginning) or _BARE.search(beginning, max(checked - 1, 0)):
            raise refusals.unreadable("invalid line ending or start of line")

    def _check_sizes(self, head: bytes) -> None:
        limits = self._limits
        if len(head) <= limits.max_request_line_bytes and len(head) <= limits.max_header_bytes:
            return
        length = head.find(b"\r\n")
        if length > limits.max_request_line_bytes or length < 0:
            raise refusals.target_too_long(limits.max_request_line_bytes)
        if len(head) - length - len(b"\r\n") - len(END) // 2 > limits.max_header_bytes:
            raise refusals.headers_too_large(limits.max_header_bytes)


def without_empty_lines(data: bytes) -> bytes:
    """Return ``data`` without the empty lines that some clients send after a body (RFC 9112, section 2.2)."""
    found = _EMPTY_LINES.match(data)
    return data[found.end() :] if found else data


def _check_coding(headers: list[tuple[bytes, bytes]]) -> None:
    """Raise Problem 501 if llhttp rejected the request only because of an unsupported transfer coding."""
    codings = [value for name, value in headers if name.lower() == b"transfer-encoding"]
    lengths = [name for name, _ in headers if name.lower() == b"content-length"]
    if (
        codings
        and not lengths
        and b"chunked" not in {each.strip().lower() for each in codings[0].split(b",")}
    ):
        raise refusals.unknown_coding(codings[0].decode("latin-1") or "none")


def _reason(error: HttpParserError) -> str:
    return str(error.args[0]) if error.args and error.args[0] else "it is incomplete"
