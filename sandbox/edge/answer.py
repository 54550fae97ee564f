"""The answer on its way out: what every answer carries, whoever made it."""

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sandbox.edge.request_id import REQUEST_ID
from sandbox.problems import JSON_TYPE, Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Answer:
    """A WSGI ``start_response`` that adds headers and remembers the status that was sent (None: none yet)."""

    __slots__ = ("_added", "_sends_body", "_start_response", "request_id", "status")

    def __init__(self, start_response: "StartResponse", request_id: str, *, sends_body: bool) -> None:
        self._start_response = start_response
        self._sends_body = sends_body
        self._added = [(REQUEST_ID, request_id)]
        self.request_id = request_id
        self.status: int | None = None

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None) -> Any:
        self.status = int(status[:3])
        return self._start_response(status, self.all(headers), exc_info)

    def add(self, headers: Iterable[tuple[str, str]]) -> None:
        """Send these headers too."""
        self._added.extend(headers)

    def all(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """``headers`` and those that every answer carries."""
        return headers + self._added

    def refuse(self, problem: Problem) -> Iterable[bytes]:
        """Answer with ``problem``, in the shape of every error."""
        body = problem.body
        headers = [("Content-Type", JSON_TYPE), ("Content-Length", str(len(body))), *problem.headers]
        self(problem.status_line, headers)
        return (body,) if self._sends_body else ()

    def empty(self, headers: list[tuple[str, str]]) -> Iterable[bytes]:
        """Answer 204."""
        self("204 No Content", headers)
        return ()
