"""Building the WSGI environment from the head of a request, and rejecting ambiguous requests."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from sandbox.http import refusals
from sandbox.http.head import Head

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HOST = "HTTP_HOST"
CODING = "HTTP_TRANSFER_ENCODING"
LENGTH = "CONTENT_LENGTH"

_ONCE = frozenset({HOST, LENGTH, "CONTENT_TYPE", "HTTP_AUTHORIZATION"})
"""Headers that must not be repeated."""
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

_ABSOLUTE = re.compile(r"(?i:https?)://([^/?]*)(.*)")
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|[A-Za-z0-9._-]+)(?::([0-9]{0,5}))?")
_MAX_PORT = 65_535


def environ_of(base: "WSGIEnvironment", head: Head) -> "WSGIEnvironment":
    """Return the environment of a request; ``base`` has the keys that all requests of the connection share.

    Raises Problem 400 and 501.
    """
    environ = base.copy()
    _add_headers(environ, head.headers)
    environ["REQUEST_METHOD"] = head.method
    environ["RAW_URI"] = target = head.target
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if head.minor else "HTTP/1.0"
    if HOST in environ:
        check_host(environ[HOST])
    elif head.minor:
        raise refusals.unreadable("an HTTP/1.1 request needs a Host header")
    if target[0] != "/" and (target != "*" or head.method != "OPTIONS"):
        environ[HOST], target = _absolute(target)
    path, _, environ["QUERY_STRING"] = target.partition("?")
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    if CODING in environ:
        _check_coding(environ[CODING], head.minor)
    return environ


@lru_cache(maxsize=256)
def check_host(host: str) -> None:
    """Raise Problem 400 if ``host`` is not a valid host with an optional port."""
    found = _AUTHORITY.fullmatch(host)
    if found is None or int(found[2] or 0) > _MAX_PORT or not _is_address(found[1]):
        raise refusals.unreadable("its Host header is invalid")


def has_token(header: str, token: str) -> bool:
    """Return True if a comma-separated header like ``Connection`` contains ``token``."""
    return any(part.strip().lower() == token for part in header.split(","))


def is_kept_alive(environ: "WSGIEnvironment") -> bool:
    """Return True if the client keeps the connection open (RFC 9112, section 9.3)."""
    header = environ.get("HTTP_CONNECTION")
    if environ["SERVER_PROTOCOL"] == "HTTP/1.1":
        return header is None or not has_token(header, "close")
    return header is not None and has_token(header, "keep-alive") and not has_token(header, "close")


def _add_headers(environ: "WSGIEnvironment", headers: list[tuple[bytes, bytes]]) -> None:
    shadows = None
    for name, sent in headers:
        key = _key(name)
        value = sent.decode("latin-1").strip(" \t")
        if not key:
            shadows = [*(shadows or ()), name.decode().upper().replace("-", "_")]
        elif key not in environ:
            environ[key] = value
        elif key in _ONCE:
            raise refusals.unreadable(f"{name.decode()} is repeated")
        else:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
    for shadow in shadows or ():
        if shadow in _SHADOWED or f"HTTP_{shadow}" in environ:
            raise refusals.unreadable(f"{shadow} could be confused with {shadow.replace('_', '-')}")


@lru_cache(maxsize=512)
def _key(name: bytes) -> str:
    """Return the key of a header; empty for a name with ``_``, which must not replace the name with ``-``."""
    if b"_" in name:
        return ""
    key = name.decode().upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", LENGTH} else f"HTTP_{key}"


def _absolute(target: str) -> tuple[str, str]:
    """Return the authority, which overrides ``Host``, and the path of an absolute URL (RFC 9112, section 3.2.2)."""
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise refusals.unreadable("its target is neither a path nor an HTTP URL")
    check_host(found[1])
    return found[1], found[2] if found[2].startswith("/") else f"/{found[2]}"


def _check_coding(coding: str, minor: int) -> None:
    if not coding:
        raise refusals.unreadable("its Transfer-Encoding is empty")
    if coding.lower() != "chunked":
        raise refusals.unknown_coding(coding)
    if not minor:
        raise refusals.unreadable("an HTTP/1.0 request must not have a Transfer-Encoding")


def _is_address(literal: str | None) -> bool:
    if literal is None:
        return True
    try:
        IPv6Address(literal)
    except AddressValueError:
        return False
    return True
