"""The headers of a request as the server parsed them, if the server provides them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

KEY = "sandbox.headers"
"""The key of a :class:`SentHeaders` in the WSGI environment."""


class SentHeaders(Protocol):
    """Headers by their keys in the WSGI environment. Requests with equal headers may share one such object."""

    @property
    def environ(self) -> Mapping[str, str]: ...

    def __hash__(self) -> int: ...


def sent_headers(environ: "WSGIEnvironment") -> SentHeaders | None:
    """Return the headers that the server provides, or None."""
    found: SentHeaders | None = environ.get(KEY)
    return found
