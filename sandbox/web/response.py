"""The HTTP response as a value: what views return and what faults change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.problems import JSON_TYPE, Headers, Problem, status_line

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(slots=True)
class Response:
    """A complete response, and the WSGI application that sends it. ``status`` is a line like ``404 Not Found``.

    Flask's Response can be changed until it is sent, and Flask processes it again when it is sent. Nothing here needs
    that.
    """

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response(self.status, self.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)

    def without_header(self, name: str) -> "Response":
        """Return this response without the header ``name`` (lower case)."""
        return replace(self, headers=[header for header in self.headers if header[0].lower() != name])

    def with_header(self, name: str, value: str) -> "Response":
        """Return this response with one header more."""
        return replace(self, headers=[*self.headers, (name, value)])

    def located_under(self, root: str) -> "Response":
        """Return this response with ``root`` before the path in ``Location``."""
        return replace(
            self,
            headers=[(name, root + value if name == "Location" else value) for name, value in self.headers],
        )

    def with_body(self, body: bytes) -> "Response":
        """Return this response with another body."""
        return replace(self, body=body)


@dataclass(frozen=True, slots=True)
class StreamedResponse:
    """A response whose body is made in pieces as they are sent, so that a slow client keeps none of it in memory.

    Its length is unknown, so that HTTP/1.1 sends it in chunks.
    """

    status: str
    headers: list[tuple[str, str]]
    pieces: Iterator[bytes]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response(self.status, self.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.pieces


def json_stream(pieces: Iterator[bytes]) -> StreamedResponse:
    """Return a response with a JSON body that is made in pieces."""
    return StreamedResponse(status_line(200), [("Content-Type", JSON_TYPE)], pieces)


def json_response(body: bytes, status: int = 200, headers: Headers = ()) -> Response:
    """Return a response with a JSON body and, besides the headers that describe it, ``headers``."""
    described = [("Content-Type", JSON_TYPE), ("Content-Length", str(len(body))), *headers]
    return Response(status_line(status), described, body)


def no_content() -> Response:
    """Return a 204 response, which has no body."""
    return Response(status_line(204), [], b"")


def problem_response(problem: Problem) -> Response:
    """Return the response that reports ``problem``."""
    return json_response(problem.body, problem.status, problem.headers)
