"""The bearer token of a request."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def bearer_token(environ: "WSGIEnvironment") -> str | None:
    """Return the token of ``Authorization: Bearer {token}``; None where it is missing, empty or of another scheme.

    Source: the documented requests. The scheme is case-insensitive (RFC 9110, section 11.1).
    """
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None
