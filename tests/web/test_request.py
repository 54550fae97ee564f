"""Properties of a request that rules match, in every encoding."""

import json
from typing import Any

import pytest

from sandbox.web import request as module
from sandbox.web.decoding import DecodedBody, decode_body
from sandbox.web.request import Request
from tests.faults.harness import COLLECTION, ITEM, Harness

BODIES: list[dict[str, Any]] = [
    {"data": {"contact_id": "abc"}},
    {"json": {"contact_id": "abc"}},
    {"data": {"contact_id": "abc"}, "content_type": "multipart/form-data"},
    {"data": b'{"contact_id": "abc"}', "content_type": "application/json; charset=utf-8"},
]


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ({}, None),
        ({"HTTP_X_ONE_TWO": ""}, ""),
        ({"HTTP_X_ONE_TWO": " \ta b\t "}, "a b"),
        ({"HTTP_X_ONE_TWO": "\xc3\xa9"}, "é"),
        ({"HTTP_X_ONE_TWO": "\xe9"}, "\\xe9"),
        ({"HTTP_X_ONE": "a", "X-One-Two": "b"}, None),
    ],
)
def test_header_is_text_without_white_space_around_it(sent: dict[str, str], text: str | None) -> None:
    request = Request({"REQUEST_METHOD": "GET", "PATH_INFO": "/"} | sent)
    for name in ("X-One-Two", "x-one-two"):
        assert request.header(name) == text


def is_matched(match: dict[str, Any], method: str, url: str, **sent: Any) -> bool:
    harness = Harness()
    harness.rule(match=match, fault={"type": "status", "status": 503})
    return harness.call(method, url, **sent).status_code == 503


@pytest.mark.parametrize("sent", BODIES, ids=["form", "json", "multipart", "json with charset"])
def test_rule_matches_body_attributes_in_every_encoding(sent: dict[str, Any]) -> None:
    assert is_matched({"body": {"contact_id": "abc"}}, "POST", COLLECTION, **sent)
    assert not is_matched({"body": {"contact_id": "abd"}}, "POST", COLLECTION, **sent)
    assert not is_matched({"body": {"group_id": "abc"}}, "POST", COLLECTION, **sent)


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        ({"is_muted": True}, {"json": {"is_muted": True}}),
        ({"is_muted": "true"}, {"json": {"is_muted": True}}),
        ({"is_muted": True}, {"data": {"is_muted": "true"}}),
        ({"archived_at": 5}, {"json": {"archived_at": 5}}),
        ({"archived_at": "5"}, {"data": {"archived_at": "5"}}),
        ({"archived_at": None}, {"json": {"archived_at": None}}),
        ({"archived_at": None}, {"data": {"archived_at": ""}}),
        ({"is_muted": True}, {"data": {"is_muted": "1"}}),
        ({"is_muted": "1"}, {"data": {"is_muted": "true"}}),
        ({"is_muted": 1}, {"json": {"is_muted": True}}),
        ({"is_muted": False}, {"data": {"is_muted": "0"}, "content_type": "multipart/form-data"}),
        ({"archived_at": 5}, {"json": {"archived_at": 5.0}}),
        ({"archived_at": 5.0}, {"data": {"archived_at": "05"}}),
    ],
)
def test_values_are_compared_as_the_api_reads_them(expected: dict[str, Any], sent: dict[str, Any]) -> None:
    assert is_matched({"body": expected}, "PUT", ITEM, **sent)


@pytest.mark.parametrize(
    ("match", "method", "url", "expected"),
    [
        ({"query": {"limit": 5}}, "GET", COLLECTION + "?limit=5", True),
        ({"query": {"muted": True}}, "GET", COLLECTION + "?muted=1", True),
        ({"query": {"muted": "0"}}, "GET", COLLECTION + "?muted=false", True),
        ({"query": {"muted": True}}, "GET", COLLECTION + "?muted=yes", False),
        ({"query": {"limit": "5"}}, "GET", COLLECTION + "?muted=true&limit=5", True),
        ({"query": {"limit": 5}}, "GET", COLLECTION, False),
        ({"query": {"group_id": "a b"}}, "GET", COLLECTION + "?group_id=a%20b", True),
        ({"operation": "listConversations"}, "GET", COLLECTION, True),
        ({"operation": "listConversations"}, "HEAD", COLLECTION, True),
        ({"operation": "listConversations"}, "GET", ITEM, False),
        ({"operation": "retrieveConversation"}, "GET", ITEM, True),
        ({"operation": "updateConversation"}, "PUT", ITEM, True),
        ({"operation": "deleteConversation"}, "DELETE", ITEM, True),
        ({"operation": "updateConversation"}, "PATCH", ITEM, False),
        ({"method": "HEAD"}, "HEAD", COLLECTION, True),
        ({"method": "HEAD"}, "GET", COLLECTION, False),
        ({"method": "PATCH"}, "PATCH", COLLECTION, True),
        ({"path": "/v1/conversations/*"}, "GET", ITEM, True),
        ({"path": "/v1/conversations/*"}, "GET", COLLECTION, False),
        ({"path": "/v1/nothing"}, "GET", "/v1/nothing", True),
        ({}, "GET", "/v1/nothing", True),
    ],
)
def test_rule_matches_operation_method_path_and_query(
    match: dict[str, Any], method: str, url: str, expected: bool
) -> None:
    assert is_matched(match, method, url) is expected


@pytest.mark.parametrize(
    ("method", "url", "sent", "status"),
    [
        ("POST", COLLECTION, {"data": b"{", "content_type": "application/json"}, 400),
        ("POST", COLLECTION, {"data": b"contact_id=a&contact_id=b"}, 415),
        ("POST", COLLECTION, {"data": b"a", "content_type": "text/plain"}, 415),
        ("POST", COLLECTION, {"data": b"\xff", "content_type": "application/json"}, 400),
        ("GET", COLLECTION + "?limit=1&limit=2", {}, 400),
        ("GET", COLLECTION + "?limit=%ff", {}, 400),
    ],
)
def test_undecodable_request_has_no_attributes_and_is_refused(
    method: str, url: str, sent: dict[str, Any], status: int
) -> None:
    harness = Harness()
    harness.rule(match={"body": {"contact_id": "a"}}, fault={"type": "status", "status": 503})
    harness.rule(match={"query": {"limit": "1"}}, fault={"type": "status", "status": 503})
    assert harness.call(method, url, **sent).status_code == status


def test_rule_matches_calls_without_a_token() -> None:
    harness = Harness()
    harness.fails("status", token=None, status=503)
    assert harness.call(token=None).status_code == 503


def counted_decodings(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    decoded: list[bytes] = []

    def count(body: bytes, content_type: str) -> DecodedBody:
        decoded.append(body)
        return decode_body(body, content_type)

    monkeypatch.setattr(module, "decode_body", count)
    return decoded


@pytest.mark.parametrize("body", [b'{"contact_id": "a"}', b"{"], ids=["valid", "invalid"])
def test_body_is_decoded_once_however_many_rules_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    harness = Harness()
    for number in range(5):
        harness.rule(match={"body": {"contact_id": f"other{number}"}}, delay=1)
    decoded = counted_decodings(monkeypatch)
    harness.call("POST", COLLECTION, data=body, content_type="application/json")
    assert decoded == [body]


@pytest.mark.parametrize("value", ["[1]", '{"a": 1}', "[]", "{}"])
def test_objects_and_lists_match_no_text(value: str) -> None:
    sent = {"data": f'{{"contact_id": {value}}}', "content_type": "application/json"}
    for wanted in (value, repr(json.loads(value)), "", None):
        assert not is_matched({"body": {"contact_id": wanted}}, "POST", COLLECTION, **sent)


def test_rule_says_that_an_attribute_without_a_text_is_another() -> None:
    harness = Harness()
    harness.rule(match={"body": {"contact_id": "a"}}, delay=1)
    harness.call("POST", COLLECTION, json={"contact_id": [1]})
    [verdict] = harness.entry()["why"]
    assert verdict["message"] == 'its body attribute "contact_id" is "a", and the call has another'
