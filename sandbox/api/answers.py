"""The answers of the API: JSON that was made when it was written, joined, never made again."""

from flask import Response

from sandbox.operations import COLLECTION
from sandbox.problems import JSON_TYPE, Problem
from sandbox.world.conversation import Record
from sandbox.world.paging import Page


def json_answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    return Response(body, status, headers, content_type=JSON_TYPE)


def conversation(record: Record) -> Response:
    """200: one conversation."""
    return json_answer(record.json + b"\n")


def created(record: Record) -> Response:
    """201: the conversation that was created, and where it is now."""
    location = f"{COLLECTION}/{record.conversation.id}"
    return json_answer(record.json + b"\n", 201, {"Location": location})


def page(found: Page) -> Response:
    """200: one page of the list, ``{"has_more": …, "data": […]}``."""
    start = b'{"has_more":true,"data":[' if found.has_more else b'{"has_more":false,"data":['
    return json_answer(start + b",".join([record.json for record in found.records]) + b"]}\n")


def nothing() -> Response:
    """204: done, and there is nothing to say."""
    answer = Response(b"", 204)
    del answer.headers["Content-Type"]
    return answer


def problem_answer(problem: Problem) -> Response:
    """The one way in which an error becomes an answer."""
    answer = json_answer(problem.body, problem.status)
    answer.headers.extend(problem.headers)
    return answer
