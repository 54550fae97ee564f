"""What faults act on: one call, its connection, and the answer that the API would give."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from sandbox.edge.answer import Answer
from sandbox.edge.injection.connection import Connection
from sandbox.faults.fault import Made
from sandbox.faults.kinds.status import Status
from sandbox.operations import methods_of
from sandbox.problems import JSON_TYPE, Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


class CallWire:
    """The wire of one call.

    ``make`` does the call and answers what the API says; ``hold`` sleeps for milliseconds; ``draw_bytes`` answers
    bytes that belong to the call.
    """

    def __init__(
        self,
        environ: "WSGIEnvironment",
        answer: Answer,
        make: Callable[[], Made],
        hold: Callable[[float], None],
        draw_bytes: Callable[[int], bytes],
        wait_seconds: Callable[[], int],
    ) -> None:
        self._method = environ.get("REQUEST_METHOD")
        self._path = environ.get("PATH_INFO", "")
        self._connection = Connection(environ)
        self._answer = answer
        self.answer = make
        self.hold = hold
        self.draw_bytes = draw_bytes
        self.wait_seconds = wait_seconds

    def send(self, made: Made) -> Iterable[bytes]:
        """Send an answer, its length put right."""
        if self._is_bodiless(made):
            self._answer(made.status, made.headers)
            return ()
        self._answer(made.status, _with_length(made, len(made.body)))
        return (made.body,)

    def _is_bodiless(self, made: Made) -> bool:
        return self._method == "HEAD" or made.status.startswith("204")

    def refuse(self, problem: Problem) -> Iterable[bytes]:
        """Send an error. One that says 405 says what is allowed, as HTTP wants it."""
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ("Allow", ", ".join(methods_of(self._path)))
            problem = Problem(problem.status, problem.message, [*problem.headers, allowed])
        return self._answer.refuse(problem)

    def cut(self, made: Made, length: int) -> Iterable[bytes]:
        """Announce the whole body and send the first ``length`` bytes, never all of it."""
        headers = made.headers if self._is_bodiless(made) else _with_length(made, len(made.body))
        self._answer(made.status, headers)
        return self._cut(made.body[: min(length, max(len(made.body) - 1, 0))])

    def _cut(self, body: bytes) -> Iterator[bytes]:
        yield body
        self._connection.left()

    def raw(self, data: bytes) -> NoReturn:
        """Send bytes as they are, and close."""
        self._connection.finish(data)

    def head(self, made: Made) -> bytes:
        """Status line and headers, with those that every answer carries."""
        lines = [
            f"HTTP/1.1 {made.status}",
            *(f"{name}: {value}" for name, value in self._answer.all(made.headers)),
        ]
        self._answer.status = int(made.status[:3])
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def reset(self) -> NoReturn:
        """Reset the connection."""
        self._connection.reset()


def capture_response(app: "WSGIApplication", environ: "WSGIEnvironment") -> Made:
    """What ``app`` answers, unsent."""
    said: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        said[:] = [(status, headers)]
        return None

    body = app(environ, start_response)
    try:
        sent = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    status, headers = said[0]
    return Made(status, headers, sent)


def made_of(error: Status) -> Made:
    """An error as an answer, unsent."""
    problem = error.problem
    return Made(problem.status_line, [("Content-Type", JSON_TYPE), *problem.headers], problem.body)


def _with_length(made: Made, length: int) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in made.headers if name.lower() != "content-length"]
    return [*headers, ("Content-Length", str(length))]
