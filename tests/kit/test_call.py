"""Calls of the journal: their attributes as values, and their line in messages."""

from typing import Any

import pytest

from protocol_sandbox import Call, Sandbox
from tests.kit.conftest import Send

ENTRY: dict[str, Any] = {
    "id": "r-1",
    "at": 692233200.0,
    "method": "POST",
    "path": "/v1/conversations",
    "query": "",
    "headers": {},
    "body": "",
    "operation": "createConversation",
    "status": 201,
    "duration_ms": 0.4,
    "delay_ms": 0.0,
    "fault": None,
    "rule": None,
    "why": [],
}


def call(**attributes: Any) -> Call:
    """Return a call with these attributes."""
    return Call.of(ENTRY | attributes)


def with_body(content_type: str, body: str) -> Call:
    """Return a call with a body."""
    return call(headers={"Content-Type": content_type}, body=body)


def test_call_leaves_out_what_a_newer_server_adds() -> None:
    assert call(why_omitted=0) == call()


def test_missing_attribute_of_an_entry_is_an_error() -> None:
    with pytest.raises(KeyError, match="status"):
        Call.of({name: value for name, value in ENTRY.items() if name != "status"})


@pytest.mark.parametrize(
    ("content_type", "body", "attributes"),
    [
        ("application/json", '{"is_muted": true, "group_id": null}', {"is_muted": True, "group_id": None}),
        ("Application/JSON; charset=utf-8", '{"a": "é"}', {"a": "é"}),
        ("application/json", '{"a": ', {}),
        ("application/json", "[1]", {}),
        ("application/x-www-form-urlencoded", "a=%C3%A9&b=&c=1+2", {"a": "é", "b": "", "c": "1 2"}),
        ("multipart/form-data; boundary=x", "no parts", {}),
        ("text/plain", "a=1", {}),
        ("", "a=1", {}),
    ],
)
def test_attributes_of_bodies(content_type: str, body: str, attributes: dict[str, Any]) -> None:
    assert with_body(content_type, body).attributes == attributes


def test_attributes_are_those_that_clients_send(world: Sandbox, send: Send) -> None:
    send("POST", data={"contact_id": "form"})
    send("POST", json={"contact_id": "json"})
    send("POST", files={"contact_id": (None, "multipart"), "group_id": (None, "b")})
    form, document, multipart = world.requests("createConversation")
    assert form.attributes == {"contact_id": "form"}
    assert document.attributes == {"contact_id": "json"}
    assert multipart.attributes == {"contact_id": "multipart", "group_id": "b"}
    assert [each.has_text_attributes for each in (form, document, multipart)] == [True, False, True]


def test_parameters_are_those_of_the_query() -> None:
    assert call(query="limit=1&group_id=%C3%A9&muted=").parameters == {
        "limit": "1",
        "group_id": "é",
        "muted": "",
    }


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ({}, "POST /v1/conversations 201"),
        ({"query": "limit=1", "status": None}, "POST /v1/conversations?limit=1 no response"),
        (
            {"status": 503, "fault": "status", "rule": "flaky", "delay_ms": 2.5},
            "POST /v1/conversations 503 (delay 2.5 ms, fault status, rule flaky)",
        ),
    ],
)
def test_line_of_a_call(attributes: dict[str, Any], line: str) -> None:
    assert str(call(**attributes)) == line
