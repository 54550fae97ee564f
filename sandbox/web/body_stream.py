"""Reading a request body piece by piece, up to a limit."""

from io import BytesIO
from typing import TYPE_CHECKING

from sandbox import problems
from sandbox.web.body import announced_length, read_body
from sandbox.web.body_limit import BodyLimit
from sandbox.world.pause import Pause, no_pause

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class BodyStream:
    """The body of a request, not larger than ``limit``. One with a content coding is decoded as a whole.

    ``pause`` lets others run meanwhile. Raises Problem 413 if a larger body is announced, and as ``read_body`` does.
    """

    def __init__(self, environ: "WSGIEnvironment", limit: BodyLimit, pause: Pause = no_pause) -> None:
        self._input = environ["wsgi.input"]
        self._limit = limit
        self._announced = announced_length(environ, limit)
        if environ.get("HTTP_CONTENT_ENCODING"):
            body = read_body(environ, limit, pause)
            self._input, self._announced = BytesIO(body), len(body)
        self._received = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most ``size``, and none at the end.

        Raises Problem 413 if the body is larger than the limit and 400 if it ended early.
        """
        announced, received = self._announced, self._received
        most = (self._limit.size + 1 if announced is None else announced) - received
        try:
            data: bytes = self._input.read(min(size, most)) if most > 0 else b""
        except OSError as error:
            raise problems.invalid("The body could not be read to its end.") from error
        self._received += len(data)
        if self._received > self._limit.size:
            raise self._limit.problem()
        if not data and announced is not None and received < announced:
            raise problems.invalid(f"The body ended after {received} of the announced {announced} bytes.")
        return data
