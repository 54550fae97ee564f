"""Building the WSGI environment of a request from its request line and its headers."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from sandbox.edge.sent_headers import KEY as HEADERS_KEY
from sandbox.http import refusals
from sandbox.http.head import RequestLine
from sandbox.http.headers import HOST, Headers, check_host

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ABSOLUTE = re.compile(r"(?i:https?)://([^/?]*)(.*)")


def environ_of(base: "WSGIEnvironment", line: RequestLine, headers: Headers) -> "WSGIEnvironment":
    """Return the environment of a request; ``base`` has the keys that all requests of the connection share.

    Raises Problem 400.
    """
    method, target, minor, _ = line
    environ = base.copy()
    environ.update(headers.environ)
    environ[HEADERS_KEY] = headers
    environ["REQUEST_METHOD"] = method
    environ["RAW_URI"] = target
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if minor else "HTTP/1.0"
    if target[:1] != "/" and (target != "*" or method != "OPTIONS"):
        if method == "CONNECT":
            raise refusals.not_a_proxy()
        environ[HOST], target = _absolute(target)
    path, _, environ["QUERY_STRING"] = target.partition("?")
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    return environ


def _absolute(target: str) -> tuple[str, str]:
    """Return the authority, which overrides ``Host``, and the path of an absolute URL (RFC 9112, section 3.2.2)."""
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise refusals.unreadable("its target is neither a path nor an HTTP URL")
    check_host(found[1], "target")
    return found[1], found[2] if found[2].startswith("/") else f"/{found[2]}"
