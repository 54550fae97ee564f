"""The answers: bytes that were made when they were written, joined."""

import json
from typing import Any

import pytest

from sandbox.api import answers
from sandbox.problems import Problem
from sandbox.schemas.conversation import encode
from sandbox.world.conversation import Conversation, Record
from sandbox.world.paging import Page


def record(number: int) -> Record:
    conversation = Conversation.begin(f"id{number}", "c", None, number)
    return Record(conversation, encode(conversation))


def test_json_is_named_as_json_without_a_charset() -> None:
    answer = answers.json_answer(b"{}")
    assert answer.status == "200 OK"
    assert answer.headers == [("Content-Type", "application/json"), ("Content-Length", "2")]
    assert answer.body == b"{}"


def test_a_conversation_is_its_own_bytes_and_a_line_end() -> None:
    answer = answers.conversation(record(1))
    assert answer.status == "200 OK"
    assert answer.body == record(1).json + b"\n"


def test_what_was_created_says_where_it_is() -> None:
    answer = answers.created(record(1))
    assert answer.status == "201 Created"
    assert answer.body == record(1).json + b"\n"
    assert ("Location", "/v1/conversations/id1") in answer.headers


@pytest.mark.parametrize("has_more", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_page_is_its_records_in_order_and_has_more(count: int, has_more: bool) -> None:
    records = [record(number) for number in range(count)]
    shape = json.loads(answers.page(Page(records, has_more)).body)
    assert shape == {"has_more": has_more, "data": [json.loads(one.json) for one in records]}
    assert list(shape) == ["has_more", "data"]


def test_nothing_has_no_body_and_no_type() -> None:
    answer = answers.nothing()
    assert answer.status == "204 No Content"
    assert answer.body == b""
    assert answer.headers == []


def test_a_problem_takes_its_headers_along() -> None:
    answer = answers.problem_answer(Problem(429, "Slow down.", [("Retry-After", "3"), ("X-Two", "2")]))
    assert answer.status == "429 Too Many Requests"
    assert answer.headers == [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(answer.body))),
        ("Retry-After", "3"),
        ("X-Two", "2"),
    ]
    assert json.loads(answer.body)["message"] == "Slow down."


@pytest.mark.parametrize(("method", "body"), [("GET", b"{}"), ("POST", b"{}"), ("HEAD", b"")])
def test_an_answer_is_a_wsgi_application_and_sends_no_body_to_head(method: str, body: bytes) -> None:
    said: list[tuple[Any, ...]] = []

    def start_response(*args: Any) -> Any:
        said.append(args)

    sent = answers.json_answer(b"{}")({"REQUEST_METHOD": method}, start_response)
    assert b"".join(sent) == body
    assert said == [("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])]
