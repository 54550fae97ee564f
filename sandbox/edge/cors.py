"""CORS: any page may call the API and read its responses, including errors.

Undocumented, our decision: a sandbox exists to be called from a page on another port. The preflight is answered
before authentication and before any fault, because a browser sends no token with it and hides its failure. It allows
every method and every header, so that a page's script reads why a call is refused instead of "Failed to fetch".
"""

import re
from typing import TYPE_CHECKING

from sandbox.operations import methods_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

EXPOSED = (
    "Accept-Encoding",
    "Allow",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
    "X-Sandbox-Delay-Ms",
    "X-Sandbox-Fault",
    "X-Sandbox-Rule",
)
"""The headers that a page's script may read besides the few that browsers always expose."""

ALLOWED = ("Authorization", "Content-Type", "Idempotency-Key", "Prefer", "X-Request-Id", "X-Sandbox-World")
"""The headers that a preflight allows if it does not name those of the call."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_REQUESTED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_MAX_AGE = "600"

_ANY_ORIGIN = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", ", ".join(EXPOSED)),
    ("Vary", "Origin"),
)


def cors_headers(environ: "WSGIEnvironment") -> list[tuple[str, str]]:
    """Return the headers that let the calling page read this response.

    The origin is named instead of ``*`` where there is one, for clients that send credentials
    (``withCredentials``), which ``*`` would refuse.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return list(_ANY_ORIGIN)
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        *_ANY_ORIGIN[1:],
    ]


def is_preflight(environ: "WSGIEnvironment") -> bool:
    """Return True if a browser asks whether a page may make a call."""
    return environ["REQUEST_METHOD"] == "OPTIONS" and _REQUESTED_METHOD in environ


def preflight_headers(environ: "WSGIEnvironment") -> list[tuple[str, str]]:
    """Return the headers of the response to ``OPTIONS``, besides :func:`cors_headers`.

    They name the requested method and headers, because ``*`` means neither Authorization nor, for a client that sends
    credentials, any method. Browsers compare methods case-sensitively: a page that calls ``patch`` needs ``patch``.
    """
    methods = methods_of(environ["PATH_INFO"])
    headers = [("Allow", ", ".join(methods))] if methods else []
    headers += [
        ("Access-Control-Allow-Methods", ", ".join(_allowed_methods(environ.get(_REQUESTED_METHOD, "")))),
        (
            "Access-Control-Allow-Headers",
            environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS") or ", ".join(ALLOWED),
        ),
        ("Access-Control-Max-Age", _MAX_AGE),
    ]
    if environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true":
        headers.append(("Access-Control-Allow-Private-Network", "true"))
    return headers


def _allowed_methods(requested: str) -> tuple[str, ...]:
    if requested in _METHODS or not _TOKEN.fullmatch(requested):
        return _METHODS
    return (*_METHODS, requested)
