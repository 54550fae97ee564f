"""Detection of clients that disconnect while their call is delayed, if the server supports it."""

import errno
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

KEY = "sandbox.client"
"""The key of the server's connection in the WSGI environment, an object with the attribute ``has_disconnected``."""


def has_disconnected(environ: "WSGIEnvironment") -> bool:
    """Return True if the client is known to have disconnected."""
    client = environ.get(KEY)
    return client is not None and bool(client.has_disconnected)


def abandon() -> NoReturn:
    """Raise the OSError that tells the server that the client has disconnected."""
    raise BrokenPipeError(errno.EPIPE, "the client disconnected while its call was delayed")
