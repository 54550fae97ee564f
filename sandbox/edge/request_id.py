"""``X-Request-Id``: every answer carries one, the caller's own where it sent a sane one."""

import re
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

REQUEST_ID = "X-Request-Id"

_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


class RequestIds:
    """Request ids: ``prefix`` tells servers apart, a count tells the requests of one server apart."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = count(1)

    def of(self, environ: "WSGIEnvironment") -> str:
        """The id of this request."""
        sent: str | None = environ.get("HTTP_X_REQUEST_ID")
        if sent is not None and _SANE.fullmatch(sent):
            return sent
        return f"{self._prefix}-{next(self._count)}"
