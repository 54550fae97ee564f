"""CORS: any page may call the API and read its responses, including errors.

Undocumented, our decision: a sandbox exists to be called from a page on another port. The preflight is answered
before authentication and before any fault, because a browser sends no token with it and hides its failure.
"""

from typing import TYPE_CHECKING

from sandbox.operations import methods_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

EXPOSED = (
    "Location",
    "Preference-Applied",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-Id",
    "X-Sandbox-Delay-Ms",
    "X-Sandbox-Fault",
    "X-Sandbox-Rule",
)
"""The headers that a page's script may read besides the few that browsers always expose."""

_METHODS = "GET, HEAD, POST, PUT, DELETE"
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


def preflight_headers(environ: "WSGIEnvironment") -> list[tuple[str, str]]:
    """Return the headers of the response to ``OPTIONS``, besides :func:`cors_headers`."""
    methods = methods_of(environ["PATH_INFO"])
    headers = [("Allow", ", ".join(methods))] if methods else []
    headers += [
        ("Access-Control-Allow-Methods", _METHODS),
        # Named one by one: a `*` would not include Authorization.
        ("Access-Control-Allow-Headers", environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "Authorization")),
        ("Access-Control-Max-Age", _MAX_AGE),
    ]
    if environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true":
        headers.append(("Access-Control-Allow-Private-Network", "true"))
    return headers
