"""Sending the response: adds what every response carries, whoever made it."""

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sandbox.edge.request_id import REQUEST_ID
from sandbox.problems import Problem
from sandbox.web.response import Response, no_content, problem_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Responder:
    """A WSGI ``start_response`` that adds headers, and starts nothing before :meth:`start`.

    ``status`` is that of the response; None if there is none yet.
    """

    __slots__ = ("_added", "_environ", "_start_response", "_waiting", "request_id", "status")

    def __init__(self, environ: "WSGIEnvironment", start_response: "StartResponse", request_id: str) -> None:
        self._environ = environ
        self._start_response = start_response
        self._added = [(REQUEST_ID, request_id)]
        self.request_id = request_id
        self.status: int | None = None
        self._waiting: tuple[str, list[tuple[str, str]], ExcInfo | None] | None = None

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None) -> Any:
        self.status = int(status[:3])
        self._waiting = status, self.all_headers(headers), exc_info
        return self._write

    def start(self) -> None:
        """Start the response that was made, if there is one. It cannot be replaced any more."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._start_response(*waiting)

    def begin_anew(self, headers: Iterable[tuple[str, str]]) -> None:
        """Forget the response and the headers that were added, and send ``headers`` beside the request's id."""
        self.status = self._waiting = None
        self._added[1:] = headers

    def _write(self, data: bytes) -> None:
        """Refuse the old way to send a body, which would send it before the response may start."""
        raise NotImplementedError("a body is what the application returns")

    def add_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """Send these headers too."""
        self._added.extend(headers)

    def all_headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return ``headers`` and those that every response carries."""
        return headers + self._added

    def send(self, response: Response) -> Iterable[bytes]:
        """Send a response."""
        return response(self._environ, self)

    def send_problem(self, problem: Problem) -> Iterable[bytes]:
        """Send an error in the documented shape."""
        return self.send(problem_response(problem))

    def send_no_content(self, headers: list[tuple[str, str]]) -> Iterable[bytes]:
        """Send a 204 response with ``headers``."""
        self(no_content().status, headers)
        return ()
