"""Errors with a given status."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest

from sandbox.faults.effect import Effect
from sandbox.faults.rule_document import RuleDocument
from tests.faults.harness import CREATE, ITEM, Harness

Check = Callable[..., str]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429, 499, 500, 502, 503, 504, 599])
def test_the_response_is_an_error_of_that_status_in_the_documented_shape(
    assert_error_shape: Check, status: int
) -> None:
    bench = Harness()
    bench.fails("status", status=status)
    answer = bench.call()
    message = assert_error_shape(answer, status)
    assert str(status) in message
    assert answer.headers["X-Sandbox-Fault"] == "status"
    assert "Retry-After" not in answer.headers


def test_every_status_from_400_to_599_can_be_sent(assert_error_shape: Check) -> None:
    bench = Harness()
    for status in range(400, 600):
        assert_error_shape(bench.call(headers={"Prefer": f"code={status}"}), status)


def test_message_and_retry_after_are_those_of_the_rule(assert_error_shape: Check) -> None:
    bench = Harness()
    bench.fails("status", status=503, message="Zur Wartung außer Betrieb", retry_after=7)
    answer = bench.create()
    assert assert_error_shape(answer, 503) == "Zur Wartung außer Betrieb"
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("/v1/conversations", "GET, HEAD, POST, OPTIONS"),
        (ITEM, "DELETE, GET, HEAD, PUT, OPTIONS"),
        ("/v1/nowhere", ""),
    ],
)
def test_a_405_lists_the_allowed_methods(url: str, allowed: str) -> None:
    answer = Harness().call(url=url, headers={"Prefer": "code=405"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_a_401_asks_for_a_token() -> None:
    bench = Harness()
    bench.fails("status", status=HTTPStatus.UNAUTHORIZED)
    assert bench.call().headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "url", "sent"),
    [
        ("POST", "/v1/conversations", {"json": CREATE}),
        ("PUT", ITEM, {"json": {"is_muted": True}}),
        ("DELETE", ITEM, {}),
    ],
)
def test_the_call_has_no_effect(method: str, url: str, sent: dict[str, Any]) -> None:
    bench = Harness()
    rule = bench.fails("status", status=500)
    before = bench.state()
    assert bench.call(method, url, **sent).status_code == 500
    assert bench.state() == before
    bench.call("DELETE", f"/__admin/faults/{rule}")
    assert bench.create().get_json()["id"] == Harness().create().get_json()["id"]


def test_a_head_request_has_no_body() -> None:
    bench = Harness()
    bench.fails("status", status=503)
    answer = bench.call("HEAD")
    assert (answer.status_code, answer.data) == (503, b"")


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "fault.status is missing; it must be an integer from 400 to 599"),
        ({"status": 399}, "fault.status must be an integer from 400 to 599, not 399"),
        ({"status": 600}, "not 600"),
        ({"status": "503"}, 'not "503"'),
        ({"status": 503, "retry_after": -1}, "fault.retry_after must be an integer from 0 to 86400"),
        ({"status": 503, "message": ""}, "fault.message must be a text of 1 to 200 characters"),
        ({"status": 503, "code": 1}, "fault.code is not an attribute of fault status"),
    ],
)
def test_an_invalid_attribute_is_refused(
    assert_error_shape: Check, attributes: dict[str, object], said: str
) -> None:
    bench = Harness()
    answer = bench.call("POST", "/__admin/faults", json={"fault": {"type": "status", **attributes}})
    assert_error_shape(answer, 400, said)
    assert bench.call().status_code == 200


DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def test_retry_after_may_be_a_date() -> None:
    bench = Harness()
    bench.fails("status", status=503, retry_after=DATE)
    assert bench.call().headers["Retry-After"] == DATE


def test_headers_are_sent_beside_the_documented_body(assert_error_shape: Check) -> None:
    bench = Harness()
    bench.fails("status", status=502, message="no", headers={"Server": "nginx/1.27", "X-Name": "café"})
    answer = bench.call()
    assert assert_error_shape(answer, 502) == "no"
    assert answer.headers["Server"] == "nginx/1.27"
    assert answer.headers["X-Name"].encode("latin-1").decode() == "café"


@pytest.mark.parametrize(
    ("body", "headers", "content_type", "data"),
    [
        ("<h1>502</h1>", {"Content-Type": "text/html"}, "text/html", b"<h1>502</h1>"),
        ("upstream", {}, "text/plain; charset=utf-8", b"upstream"),
        ({"code": 5}, {}, "application/json", b'{"code": 5}'),
        (
            {"code": 5},
            {"content-type": "application/problem+json"},
            "application/problem+json",
            b'{"code": 5}',
        ),
        (None, {}, "application/json", b"null"),
        ("", {}, None, b""),
        ("", {"Content-Type": "text/html"}, "text/html", b""),
    ],
    ids=str,
)
def test_body_replaces_the_documented_one(
    body: Any, headers: dict[str, str], content_type: str | None, data: bytes
) -> None:
    bench = Harness()
    bench.fails("status", status=502, body=body, headers=headers)
    answer = bench.call()
    assert (answer.status_code, answer.content_type, answer.data) == (502, content_type, data)
    assert answer.headers.getlist("Content-Length") == [str(len(data))]
    assert len(answer.headers.getlist("Content-Type")) == (content_type is not None)
    assert answer.headers["X-Sandbox-Fault"] == "status"
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("attributes", "name", "value"),
    [
        ({"status": 503, "retry_after": 5, "headers": {"retry-after": "soon"}}, "Retry-After", "soon"),
        ({"status": 401, "headers": {"WWW-Authenticate": "Basic"}}, "WWW-Authenticate", "Basic"),
        ({"status": 405, "headers": {"Allow": "PATCH"}}, "Allow", "PATCH"),
        ({"status": 401, "body": "no"}, "WWW-Authenticate", "Bearer"),
        ({"status": 405, "body": "no"}, "Allow", "GET, HEAD, POST, OPTIONS"),
        ({"status": 503, "retry_after": 5, "body": "no"}, "Retry-After", "5"),
    ],
)
def test_given_header_replaces_the_documented_one(attributes: dict[str, Any], name: str, value: str) -> None:
    bench = Harness()
    bench.fails("status", **attributes)
    assert bench.call().headers.getlist(name) == [value]


def test_head_has_the_headers_and_no_body() -> None:
    bench = Harness()
    bench.fails("status", status=502, body="<h1>502</h1>", headers={"Content-Type": "text/html"})
    answer = bench.call("HEAD")
    assert (answer.status_code, answer.data, answer.content_type) == (502, b"", "text/html")
    assert answer.headers["Content-Length"] == "12"


def test_page_can_read_the_response_and_its_headers() -> None:
    bench = Harness()
    bench.fails("status", status=502, body="no", headers={"X-Gateway": "a", "X-Zone": "b"})
    answer = bench.call(headers={"Origin": "https://app.example"})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["https://app.example"]
    exposed = ", ".join(answer.headers.getlist("Access-Control-Expose-Headers")).split(", ")
    assert {"X-Gateway", "X-Zone", "X-Request-Id", "Retry-After"} <= set(exposed)


def test_body_and_headers_go_with_delays_and_phases() -> None:
    bench = Harness()
    before = len(bench.ids())
    bench.rule(
        delay={"type": "dribble", "chunks": 3, "milliseconds": 300},
        fault={"type": "status", "status": 504, "body": "<h1>504</h1>", "headers": {"Server": "nginx"}},
        phase="after",
    )
    outcome = bench.served("POST", "/v1/conversations", json=CREATE)
    assert (outcome.status[:3], outcome.pieces, outcome.header("Server")) == (
        "504",
        [b"<h1>", b"504<", b"/h1>"],
        "nginx",
    )
    assert len(bench.ids()) == before + 1


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"retry_after": "soon"}, "fault.retry_after must be an integer from 0 to 86400, or an HTTP date"),
        ({"headers": {"a b": "c"}}, "fault.headers.a b is not the name of a header"),
        ({"headers": {"X-A": "a\r\nX-B: c"}}, "fault.headers.X-A must be a text without control characters"),
        ({"headers": {"Content-Length": "5"}}, "fault.headers.Content-Length frames the response"),
        ({"headers": ["a"]}, "fault.headers must be an object of at most 50 texts"),
        ({"body": "a" * 65_537}, "fault.body must be a text or a JSON value of at most 65536 bytes"),
        (
            {"body": "a", "message": "b"},
            "fault: message is a part of the documented body, so it does not go with body.",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_part_that_cannot_be_sent_is_refused(
    assert_error_shape: Check, attributes: dict[str, Any], said: str
) -> None:
    bench = Harness()
    document = {"fault": {"type": "status", "status": 502, **attributes}}
    assert_error_shape(bench.call("POST", "/__admin/faults", json=document), 400, said)
    assert bench.call().status_code == 200


def test_headers_and_body_are_shown_and_exported_as_they_were_given() -> None:
    bench = Harness()
    fault = {
        "type": "status",
        "status": 502,
        "retry_after": DATE,
        "headers": {"X-Name": "café"},
        "body": None,
    }
    bench.rule(fault=fault)
    assert bench.call("GET", "/__admin/faults").get_json()["data"][0]["fault"] == fault
    document = bench.call("GET", "/__admin/state").get_json()
    assert bench.call("PUT", "/__admin/state", "other", json=document).status_code == 200
    assert bench.call("GET", "/__admin/faults", "other").get_json()["data"][0]["fault"] == fault
    assert bench.call(token="other").data == b"null"


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ({}, 0),
        ({"body": "ä" * 1000}, 2000),
        ({"body": [1, 2]}, len("[1, 2]")),
        ({"body": "", "headers": {"X-A": "b" * 100}}, len("X-A") + 100),
    ],
)
def test_memory_of_the_rule_has_what_the_fault_keeps(attributes: dict[str, Any], size: int) -> None:
    rule = RuleDocument().load({"fault": {"type": "status", "status": 503, **attributes}})
    assert rule.effect.size == size
    assert rule.size == replace(rule, effect=Effect()).size + size


def test_body_is_counted_twice_as_the_rule_has_it_twice(assert_error_shape: Check) -> None:
    body = "a" * 60_000
    bench = Harness(max_rule_bytes=125_000)
    bench.fails("status", status=503, body=body)
    refused = bench.call("POST", "/__admin/faults", json={"delay": 1, "name": "b" * 200})
    assert refused.status_code == 201
    bench = Harness(max_rule_bytes=115_000)
    refused = bench.call(
        "POST", "/__admin/faults", json={"fault": {"type": "status", "status": 503, "body": body}}
    )
    assert_error_shape(refused, 507)
