"""The answers of the API: JSON that was made when it was written, joined, never made again."""

from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers

from sandbox.operations import COLLECTION
from sandbox.problems import JSON_TYPE, Problem
from sandbox.world.conversation import Record
from sandbox.world.paging import Page

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Answer(Response):
    """A response whose headers are complete when it is made: nothing is looked at again when it is sent."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """The headers as they are."""
        return self.headers


def json_answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(body, status, headers, content_type=JSON_TYPE)


def conversation(record: Record) -> Answer:
    """200: one conversation."""
    return json_answer(record.json + b"\n")


def created(record: Record) -> Answer:
    """201: the conversation that was created, and where it is now."""
    location = f"{COLLECTION}/{record.conversation.id}"
    return json_answer(record.json + b"\n", 201, {"Location": location})


def page(found: Page) -> Answer:
    """200: one page of the list, ``{"has_more": …, "data": […]}``."""
    start = b'{"has_more":true,"data":[' if found.has_more else b'{"has_more":false,"data":['
    return json_answer(start + b",".join([record.json for record in found.records]) + b"]}\n")


def nothing() -> Answer:
    """204: done, and there is nothing to say."""
    answer = Answer(b"", 204)
    del answer.headers["Content-Type"], answer.headers["Content-Length"]
    return answer


def problem_answer(problem: Problem) -> Answer:
    """The one way in which an error becomes an answer."""
    answer = json_answer(problem.body, problem.status)
    answer.headers.extend(problem.headers)
    return answer
