"""The answers: bytes that were made when they were written, joined."""

import json

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
    assert (answer.status_code, answer.content_type, answer.data) == (200, "application/json", b"{}")


def test_a_conversation_is_its_own_bytes_and_a_line_end() -> None:
    answer = answers.conversation(record(1))
    assert answer.status_code == 200
    assert answer.data == record(1).json + b"\n"


def test_what_was_created_says_where_it_is() -> None:
    answer = answers.created(record(1))
    assert answer.status_code == 201
    assert answer.data == record(1).json + b"\n"
    assert answer.headers["Location"] == "/v1/conversations/id1"


@pytest.mark.parametrize("has_more", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_page_is_its_records_in_order_and_has_more(count: int, has_more: bool) -> None:
    records = [record(number) for number in range(count)]
    shape = json.loads(answers.page(Page(records, has_more)).data)
    assert shape == {"has_more": has_more, "data": [json.loads(one.json) for one in records]}
    assert list(shape) == ["has_more", "data"]


def test_nothing_has_no_body_and_no_type() -> None:
    answer = answers.nothing()
    assert answer.status_code == 204
    assert answer.data == b""
    assert "Content-Type" not in answer.headers


def test_a_problem_takes_its_headers_along() -> None:
    answer = answers.problem_answer(Problem(429, "Slow down.", [("Retry-After", "3"), ("X-Two", "2")]))
    assert answer.status_code == 429
    assert answer.content_type == "application/json"
    assert (answer.headers["Retry-After"], answer.headers["X-Two"]) == ("3", "2")
    assert json.loads(answer.data)["message"] == "Slow down."
