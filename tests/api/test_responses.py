"""Responses of the API, joined from JSON that was encoded when the records were written."""

import json

import pytest

from sandbox.api import responses
from sandbox.schemas.conversation import encode
from sandbox.world.conversation import Conversation, Record
from sandbox.world.paging import Page


def record(number: int) -> Record:
    conversation = Conversation.begin(f"id{number}", "c", None, number)
    return Record(conversation, encode(conversation))


def test_conversation_is_its_json_and_a_newline() -> None:
    response = responses.conversation(record(1))
    assert response.status == "200 OK"
    assert response.body == record(1).json + b"\n"


def test_created_response_has_a_location() -> None:
    response = responses.created(record(1))
    assert response.status == "201 Created"
    assert response.body == record(1).json + b"\n"
    assert ("Location", "/v1/conversations/id1") in response.headers
    assert "Idempotent-Replayed" not in dict(response.headers)


def test_replayed_response_is_the_created_one_with_a_header() -> None:
    created, replayed = (responses.created(record(1), is_replay=each) for each in (False, True))
    assert replayed.headers == [*created.headers, ("Idempotent-Replayed", "true")]
    assert (replayed.status, replayed.body) == (created.status, created.body)


@pytest.mark.parametrize("has_more", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_page_has_has_more_and_its_records_in_order(count: int, has_more: bool) -> None:
    records = [record(number) for number in range(count)]
    shape = json.loads(responses.page(Page(records, has_more)).body)
    assert shape == {"has_more": has_more, "data": [json.loads(one.json) for one in records]}
    assert list(shape) == ["has_more", "data"]
