"""The answers of the API: JSON that was made when it was written, joined, never made again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sandbox.operations import COLLECTION
from sandbox.problems import JSON_TYPE, Headers, Problem, status_line
from sandbox.world.conversation import Record
from sandbox.world.paging import Page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Answer:
    """A whole answer, ready to be sent: a WSGI application. ``status`` is a line, like ``404 Not Found``.

    Flask's Response can be changed until it is sent, and is looked at again when it is; nothing here needs that.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response(self.status, self.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)


def json_answer(body: bytes, status: int = 200, headers: Headers = ()) -> Answer:
    """An answer with a JSON body, and ``headers`` beside those that say so."""
    described = [("Content-Type", JSON_TYPE), ("Content-Length", str(len(body))), *headers]
    return Answer(status_line(status), described, body)


def conversation(record: Record) -> Answer:
    """200: one conversation."""
    return json_answer(record.json + b"\n")


def created(record: Record) -> Answer:
    """201: the conversation that was created, and where it is now."""
    location = f"{COLLECTION}/{record.conversation.id}"
    return json_answer(record.json + b"\n", 201, [("Location", location)])


def page(found: Page) -> Answer:
    """200: one page of the list, ``{"has_more": …, "data": […]}``."""
    # What stands around the records goes to the first and the last: so the whole is copied once.
    parts = [record.json for record in found.records] or [b""]
    parts[0] = (b'{"has_more":true,"data":[' if found.has_more else b'{"has_more":false,"data":[') + parts[0]
    parts[-1] += b"]}\n"
    return json_answer(b",".join(parts))


def nothing() -> Answer:
    """204: done, and there is nothing to say."""
    return Answer(status_line(204), [], b"")


def problem_answer(problem: Problem) -> Answer:
    """The one way in which an error becomes an answer."""
    return json_answer(problem.body, problem.status, problem.headers)
