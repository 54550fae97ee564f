"""The bearer token of a request."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox.problems import invalid

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Servers join repeated headers with a comma.
_SECOND_CREDENTIAL = re.compile(r",\s*[A-Za-z][A-Za-z0-9-]*\s+\S")


def bearer_token(environ: "WSGIEnvironment") -> str | None:
    """Return the token of ``Authorization: Bearer {token}``; None where it is missing, empty or of another scheme.

    Raises Problem 400 for two credentials, which together would select a third sandbox. Source: documented requests.
    The scheme is case-insensitive (RFC 9110, section 11.1).
    """
    return _token(environ.get("HTTP_AUTHORIZATION", ""))


@lru_cache(maxsize=256)
def _token(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    if "," in header and _SECOND_CREDENTIAL.search(header):
        raise invalid("The Authorization header has two credentials; send one bearer token.")
    return (token.strip() or None) if scheme.lower() == "bearer" else None
