"""``X-Request-Id``: every response carries one, the caller's own if it sent a valid one."""

import re
from itertools import count
from typing import TYPE_CHECKING

from sandbox.edge.boot import Boot

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

REQUEST_ID = "X-Request-Id"

_VALID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


class RequestIds:
    """Generates request ids: the id of the boot and a counter, so that none is repeated after a restart."""

    def __init__(self, boot: Boot) -> None:
        self._boot = boot
        self._count = count(1)

    def of(self, environ: "WSGIEnvironment") -> str:
        """Return the id of a request."""
        sent: str | None = environ.get("HTTP_X_REQUEST_ID")
        if sent is not None and _VALID.fullmatch(sent):
            return sent
        return f"{self._boot.id}-{next(self._count)}"
