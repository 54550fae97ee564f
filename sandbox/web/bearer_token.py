"""The bearer token of a request."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox.problems import invalid

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Servers join repeated headers with a comma.
_SECOND_CREDENTIAL = re.compile(r",[ \t]*[A-Za-z][A-Za-z0-9-]*[ \t]+[^ \t]")


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
    if scheme.lower() != "bearer":
        return None
    token = token.strip(" \t")
    if not token.isascii():
        # Tokens of different bytes are different, also if they are not UTF-8.
        token = token.encode("latin-1").decode(errors="surrogateescape")
    return token or None
