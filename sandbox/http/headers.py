"""Parsing the headers of a request with llhttp, and rejecting ambiguous ones.

A client sends the same headers with each of its requests. They are parsed once, and remembered.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from sandbox.http import refusals

HOST = "HTTP_HOST"
CODING = "HTTP_TRANSFER_ENCODING"
LENGTH = "CONTENT_LENGTH"
AUTHORIZATION = "HTTP_AUTHORIZATION"

MAX_CACHED = 256
"""The number of different header blocks that are remembered."""
MAX_CACHED_BYTES = 2_048
"""The size up to which a block is remembered, so that the memory for it is bounded."""

_ONCE = frozenset({HOST, LENGTH, "CONTENT_TYPE", "HTTP_IDEMPOTENCY_KEY"})
"""Headers that must not be repeated, besides ``Authorization``."""
_SHADOWED = frozenset({
    "ACCESS_CONTROL_REQUEST_HEADERS",
    "CONTENT_ENCODING",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "IDEMPOTENCY_KEY",
    "LAST_EVENT_ID",
    "PROXY_AUTHORIZATION",
    "SEC_FETCH_SITE",
    "TRANSFER_ENCODING",
    "X_ADMIN_TOKEN",
    "X_FORWARDED_FOR",
    "X_FORWARDED_HOST",
    "X_FORWARDED_PROTO",
    "X_FORWARDED_PROTOCOL",
    "X_FORWARDED_SSL",
    "X_REQUEST_ID",
    "X_SANDBOX_WORLD",
})  # fmt: skip
"""Header names with ``_`` that a proxy or an application might confuse with the name with ``-``."""

_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9._-]+)(?::([0-9]{0,5}))?")
_MAX_PORT = 65_535

_CODING = re.compile(rb"(?im:^transfer-encoding):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*(?=\r\n)")
_LENGTH = re.compile(rb"(?im:^content-length)[ \t]*:")
_ORIGIN = re.compile(rb"(?im:^origin):[ \t]*([!-~]+)[ \t]*\r\n")

_REASONS = (
    ("Duplicate Content-Length", "Content-Length is repeated"),
    ("Empty Content-Length", "its Content-Length is empty"),
    ("Content-Length overflow", "its Content-Length is too large"),
    ("in Content-Length", "its Content-Length is not a number"),
    ("can't be present", "it has a Content-Length and a Transfer-Encoding"),
    ("Empty Transfer-Encoding", "its Transfer-Encoding is empty"),
    ("Transfer-Encoding", "its Transfer-Encoding is invalid"),
    ("Missing expected", "a line of its head does not end with CR LF"),
    ("Unexpected whitespace after header value", "a line of its head begins with a space"),
    ("Unexpected space after start line", "a line of its head begins with a space"),
    ("header value char", "the value of a header has a control character"),
    ("header token", "the name of a header is invalid"),
    ("header field char", "the name of a header is invalid"),
)
"""Parts of the reasons that llhttp gives, and the reasons for the client. The first that is found counts."""


class Headers:
    """The headers of a request, which several requests may share. ``environ`` has their keys in a WSGI environment.

    ``keeps_alive`` is True if the client keeps the connection open (RFC 9112, section 9.3).
    """

    __slots__ = ("environ", "keeps_alive")

    def __init__(self, environ: dict[str, str], *, keeps_alive: bool) -> None:
        self.environ = environ
        self.keeps_alive = keeps_alive


class HeaderParser:
    """Parser of header blocks: of what follows the request line, up to and including the empty line."""

    __slots__ = ("_known", "_max_headers")

    def __init__(self, max_headers: int) -> None:
        self._max_headers = max_headers
        self._known: dict[tuple[bytes, int], Headers] = {}

    def parse(self, block: bytes, minor: int) -> Headers:
        """Return the headers of a request of HTTP/1.``minor``. Raises Problem 400, 431 or 501."""
        headers = self._known.get((block, minor))
        if headers is None:
            headers = self._parse(block, minor)
            if len(block) <= MAX_CACHED_BYTES:
                if len(self._known) >= MAX_CACHED:
                    # Seldom, and cheaper than an order of use.
                    self._known.clear()
                self._known[block, minor] = headers
        return headers

    def _parse(self, block: bytes, minor: int) -> Headers:
        collector = _Collector()
        try:
            # The request line is checked elsewhere, by other rules: llhttp knows a fixed set of methods.
            HttpRequestParser(collector).feed_data(b"GET / HTTP/1.%d\r\n%b" % (minor, block))
        except HttpParserUpgrade:
            # No other protocol is supported: a request to upgrade is ignored.
            pass
        except HttpParserError as error:
            _check_unparsed_coding(block)
            raise refusals.unreadable(_reason(error)) from None
        if len(collector.headers) > self._max_headers:
            raise refusals.too_many_headers(self._max_headers)
        environ = _environ(collector.headers)
        if HOST in environ:
            check_host(environ[HOST])
        elif minor:
            raise refusals.unreadable("an HTTP/1.1 request needs a Host header")
        if CODING in environ:
            if LENGTH in environ:
                raise refusals.unreadable("it has a Content-Length and a Transfer-Encoding")
            _check_coding(environ[CODING], minor)
        return Headers(environ, keeps_alive=_keeps_alive(environ.get("HTTP_CONNECTION"), minor))


class _Collector:
    """Collects what llhttp finds."""

    __slots__ = ("headers",)

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))


def sent_origin(head: bytes) -> str | None:
    """Return the ``Origin`` of a head that is refused, without parsing the rest of it; None unless there is one."""
    found = _ORIGIN.findall(head)
    return found[0].decode() if len(found) == 1 else None


def check_host(host: str, place: str = "Host header") -> None:
    """Raise Problem 400 if ``host``, from the ``place`` in the head, is not a valid host with an optional port."""
    found = _AUTHORITY.fullmatch(host)
    if found is None or int(found[2] or 0) > _MAX_PORT or not _is_address(found[1]):
        raise refusals.unreadable(f"the host in its {place} is invalid")


def has_token(header: str, token: str) -> bool:
    """Return True if a comma-separated header like ``Connection`` contains ``token``."""
    return any(part.strip().lower() == token for part in header.split(","))


def _keeps_alive(connection: str | None, minor: int) -> bool:
    if minor:
        return connection is None or not has_token(connection, "close")
    return (
        connection is not None and has_token(connection, "keep-alive") and not has_token(connection, "close")
    )


def _environ(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    environ: dict[str, str] = {}
    shadows = []
    for name, sent in headers:
        key = _key(name)
        value = sent.decode("latin-1").strip(" \t")
        if not key:
            shadows.append(name.decode().upper().replace("-", "_"))
        elif key not in environ:
            environ[key] = value
        elif key == AUTHORIZATION:
            raise refusals.repeated_authorization()
        elif key in _ONCE:
            raise refusals.repeated(name.decode())
        else:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
    for shadow in shadows:
        if shadow in _SHADOWED or f"HTTP_{shadow}" in environ:
            raise refusals.unreadable(f"{shadow} could be confused with {shadow.replace('_', '-')}")
    return environ


@lru_cache(maxsize=512)
def _key(name: bytes) -> str:
    """Return the key of a header; empty for a name with ``_``, which must not replace the name with ``-``."""
    if b"_" in name:
        return ""
    key = name.decode().upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", LENGTH} else f"HTTP_{key}"


def _check_coding(coding: str, minor: int) -> None:
    if not coding:
        raise refusals.unreadable("its Transfer-Encoding is empty")
    if coding.lower() != "chunked":
        raise refusals.unknown_coding(coding)
    if not minor:
        raise refusals.unreadable("an HTTP/1.0 request must not have a Transfer-Encoding")


def _check_unparsed_coding(block: bytes) -> None:
    """Raise Problem 501 if llhttp rejected the request only because of an unsupported transfer coding."""
    codings = _CODING.findall(block)
    if all(codings) and not _LENGTH.search(block) and b",".join(codings).lower() not in (b"", b"chunked"):
        raise refusals.unknown_coding(b",".join(codings).decode("latin-1"))


def _reason(error: HttpParserError) -> str:
    """Return the reason in the words of this server: those of llhttp differ from version to version."""
    text = str(error.args[0]) if error.args else ""
    return next((reason for part, reason in _REASONS if part in text), "it breaks the grammar of HTTP/1.1")


def _is_address(literal: str | None) -> bool:
    if literal is None:
        return True
    try:
        IPv6Address(literal)
    except AddressValueError:
        return False
    return True
