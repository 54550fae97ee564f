"""The client of a call that is held back, if the server can tell that it left."""

import errno
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

KEY = "sandbox.client"
"""The key of the server's connection in the WSGI environment. It has the attribute ``has_left``."""


def has_left(environ: "WSGIEnvironment") -> bool:
    """Return whether the client is known to have left."""
    client = environ.get(KEY)
    return client is not None and bool(client.has_left)


def abandon() -> NoReturn:
    """End the call of a client that left: raise the OSError that servers take for that."""
    raise BrokenPipeError(errno.EPIPE, "the client left while its call was held back")
