"""The gunicorn worker: gevent's, with errors in the documented shape and a prompt end."""

from http import HTTPStatus
from socket import SOCK_STREAM
from types import FrameType
from typing import Any
from uuid import uuid4

import gevent
import gevent.socket
from gunicorn.http import errors
from gunicorn.util import write_nonblock
from gunicorn.workers.ggevent import GeventWorker

from sandbox.edge.cors import cors_headers
from sandbox.edge.request_id import REQUEST_ID
from sandbox.problems import JSON_TYPE, Problem, internal
from sandbox.server.joined_send import Joining

_STATUS_OF: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (errors.ParseException, HTTPStatus.BAD_REQUEST),
)


class SandboxWorker(GeventWorker):  # type: ignore[misc]  # gunicorn is not typed
    """A gevent worker that never answers HTML, and that ends at once when it is told to."""

    _ending = False

    def patch(self) -> None:
        """Take gevent's sockets, and leave all else in Python as it is.

        What waits here waits on a socket or on an event of gevent's. To put gevent into the place of everything in
        Python that may wait takes 40 ms, and more where many packages are installed, which are all asked each time.
        """
        self.sockets: list[Any] = [
            gevent.socket.socket(each.FAMILY, SOCK_STREAM, fileno=each.sock.detach()) for each in self.sockets
        ]

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Serve one request, then let the other connections have their turn.

        A connection whose next request is there already would otherwise be served again and again while others wait.
        """
        joining = Joining(sock)
        try:
            super().handle_request(listener_name, req, joining, addr)
        finally:
            joining.flush()
        gevent.sleep(0)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Respond to bytes that are not an HTTP request with an error in the documented shape."""
        problem = self._problem_of(exc)
        body = problem.body
        head = (
            f"HTTP/1.1 {problem.status_line}\r\nConnection: close\r\nContent-Type: {JSON_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n"
        )
        # The request was not parsed, so its id and its origin are unknown.
        head += "".join(
            f"{name}: {value}\r\n" for name, value in [(REQUEST_ID, uuid4().hex), *cors_headers({})]
        )
        try:
            write_nonblock(client, f"{head}\r\n".encode() + body)
        except OSError:
            self.log.debug("The client went away before it could be told: %s", problem.message)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGTERM like SIGINT."""
        self.handle_quit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGINT: calls under way have the tenth of a second that gunicorn leaves them.

        Ctrl-C in a terminal reaches this process twice, from the terminal and from gunicorn's arbiter: ending a second
        time while it ends would hang.
        """
        if not self._ending:
            self._ending = True
            super().handle_quit(sig, frame)

    def _problem_of(self, exc: BaseException) -> Problem:
        for kind, status in _STATUS_OF:
            if isinstance(exc, kind):
                return Problem(status, f"This is not an HTTP request that can be read: {exc}")
        self.log.error("A request could not be served", exc_info=exc)
        return internal()
