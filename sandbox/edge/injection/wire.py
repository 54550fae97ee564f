"""The wire of one call: what faults act on."""

import math
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from sandbox.edge.injection.connection import Connection
from sandbox.edge.responder import Responder
from sandbox.operations import methods_of
from sandbox.problems import Problem
from sandbox.web.response import Response, problem_response
from sandbox.world.rules import RuleMatch

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class CallWire:
    """The wire of one call.

    ``response`` makes the call and returns the API's response, ``hold`` sleeps for milliseconds, and ``draw_bytes``
    returns bytes that belong to the call. ``match`` is the rule that fired, if one did.
    """

    def __init__(
        self,
        environ: "WSGIEnvironment",
        responder: Responder,
        response: Callable[[], Response],
        hold: Callable[[float], None],
        draw_bytes: Callable[[int], bytes],
        match: RuleMatch | None = None,
    ) -> None:
        self._method = environ.get("REQUEST_METHOD")
        self._path = environ.get("PATH_INFO", "")
        self._connection = Connection(environ)
        self._responder = responder
        self._match = match
        self.response = response
        self.hold = hold
        self.draw_bytes = draw_bytes

    def send(self, response: Response) -> Iterable[bytes]:
        """Send a response, with its length corrected."""
        if self._has_no_body(response):
            self._responder(response.status, response.headers)
            return ()
        return self._responder.send(_with_length(response))

    def send_problem(self, problem: Problem) -> Iterable[bytes]:
        """Send an error."""
        return self._responder.send(self.problem_response(problem))

    def problem_response(self, problem: Problem) -> Response:
        """Return the response that reports an error. One with the status 405 has ``Allow``, as HTTP demands."""
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ("Allow", ", ".join(methods_of(self._path)))
            problem = Problem(problem.status, problem.message, [*problem.headers, allowed])
        return problem_response(problem)

    def truncate(self, response: Response, length: int) -> Iterable[bytes]:
        """Announce the whole body and send the first ``length`` bytes, never all of it."""
        announced = response if self._has_no_body(response) else _with_length(response)
        self._responder(announced.status, announced.headers)
        return self._truncated(response.body[: min(length, max(len(response.body) - 1, 0))])

    def _truncated(self, body: bytes) -> Iterator[bytes]:
        yield body
        self._connection.left()

    def send_raw(self, data: bytes) -> NoReturn:
        """Send bytes as they are, and close the connection."""
        self._connection.finish(data)

    def head(self, response: Response) -> bytes:
        """Return status line and headers, with those that every response carries."""
        lines = [
            f"HTTP/1.1 {response.status}",
            *(f"{name}: {value}" for name, value in self._responder.all_headers(response.headers)),
        ]
        self._responder.status = int(response.status[:3])
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def reset(self) -> NoReturn:
        """Reset the connection."""
        self._connection.reset()

    def seconds_left(self) -> int:
        """Return the whole seconds until the window of the rule that fired ends, at least 1."""
        if self._match is None or self._match.window is None:
            return 1
        return max(math.ceil(self._match.window.ends - self._match.at), 1)

    def _has_no_body(self, response: Response) -> bool:
        return self._method == "HEAD" or response.status.startswith("204")


def capture_response(app: "WSGIApplication", environ: "WSGIEnvironment") -> Response:
    """Return the response of ``app`` without sending it."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        started[:] = [(status, headers)]
        return None

    body = app(environ, start_response)
    try:
        sent = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    status, headers = started[0]
    return Response(status, headers, sent)


def _with_length(response: Response) -> Response:
    return response.without_header("content-length").with_header("Content-Length", str(len(response.body)))
