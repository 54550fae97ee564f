"""Errors with a given status."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest

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
    before = bench.call("GET", "/__admin/state").get_json()
    assert bench.call(method, url, **sent).status_code == 500
    after = bench.call("GET", "/__admin/state").get_json()
    assert after == before
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
