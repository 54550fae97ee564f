"""The table of the control API, against the contract."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.control.endpoint import Endpoint, Scope
from sandbox.control.table import ENDPOINTS

ROWS = {
    ("GET", "/__admin/health"),
    ("POST", "/__admin/reset"),
    ("GET", "/__admin/scenarios"),
    ("GET", "/__admin/faults"),
    ("POST", "/__admin/faults"),
    ("PUT", "/__admin/faults"),
    ("DELETE", "/__admin/faults"),
    ("GET", "/__admin/faults/{}"),
    ("PUT", "/__admin/faults/{}"),
    ("DELETE", "/__admin/faults/{}"),
    ("GET", "/__admin/requests"),
    ("GET", "/__admin/requests/count"),
    ("DELETE", "/__admin/requests"),
    ("GET", "/__admin/clock"),
    ("PUT", "/__admin/clock"),
    ("GET", "/__admin/state"),
    ("PUT", "/__admin/state"),
    ("POST", "/__admin/snapshots"),
    ("GET", "/__admin/snapshots"),
    ("POST", "/__admin/snapshots/{}/restore"),
    ("DELETE", "/__admin/snapshots/{}"),
    ("PUT", "/__admin/conversations/{}"),
    ("GET", "/__admin/sandboxes"),
    ("DELETE", "/__admin/sandboxes/{}"),
}
SOMEBODY_S = ("/__admin/clock", "/__admin/state", "/__admin/snapshots", "/__admin/conversations")
by_id = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.id)


def plain(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def test_the_table_is_that_of_the_contract() -> None:
    assert {(endpoint.method, plain(endpoint.path)) for endpoint in ENDPOINTS} == ROWS
    assert len(ENDPOINTS) == len(ROWS)
    assert len({endpoint.id for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_the_server_routes_what_the_table_says_and_nothing_else_below_admin(shared_app: Flask) -> None:
    routed = {
        (method, plain(str(rule).replace("<", "{")))
        for rule in shared_app.url_map.iter_rules()
        for method in rule.methods or ()
        if str(rule).startswith("/__admin") and method not in ("HEAD", "OPTIONS")
    }
    assert routed == ROWS | {("GET", "/__admin/openapi.json")}


@by_id
def test_what_is_somebody_s_needs_a_token_and_nothing_else_does(endpoint: Endpoint) -> None:
    assert (endpoint.scope is Scope.SANDBOX) is endpoint.path.startswith(SOMEBODY_S)


@by_id
def test_every_call_says_what_it_does(endpoint: Endpoint) -> None:
    assert (endpoint.view.__doc__ or "").strip().endswith(".")


@by_id
def test_a_call_of_the_sandbox_without_a_token_says_what_is_missing(
    shared_app: Flask, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    if endpoint.scope is Scope.SANDBOX:
        answer = shared_app.test_client().open(
            endpoint.path, method=endpoint.method, json=valid(endpoint) if writes(endpoint) else None
        )
        assert_error_shape(answer, 400, "Authorization: Bearer")


@by_id
def test_every_write_wants_json(
    api: FlaskClient, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    if writes(endpoint):
        for content_type in (
            None,
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ):
            answer = api.open(endpoint.path, method=endpoint.method, data=b"{}", content_type=content_type)
            assert_error_shape(answer, 415, "application/json")


@by_id
def test_every_write_says_what_is_no_json_and_what_is_unknown(
    api: FlaskClient, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    if writes(endpoint):
        for body in (b"{", b"[]", b"null", b"\xff", b'{"a": 1, "a": 2}'):
            answer = api.open(
                endpoint.path, method=endpoint.method, data=body, content_type="application/json"
            )
            assert_error_shape(answer, 400)
        answer = api.open(
            endpoint.path, method=endpoint.method, json=valid(endpoint) | {"nobody_knows_this": 1}
        )
        assert_error_shape(answer, 400, "nobody_knows_this")


@by_id
def test_every_call_refuses_an_unknown_attribute_of_its_query(
    api: FlaskClient, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    answer = api.open(
        f"{endpoint.path}?nobody_knows_this=1",
        method=endpoint.method,
        json=valid(endpoint) if writes(endpoint) else None,
    )
    assert_error_shape(answer, 400, "nobody_knows_this")


@by_id
def test_no_call_is_ever_delayed_or_broken_by_a_fault(
    open_api: Callable[..., FlaskClient], endpoint: Endpoint
) -> None:
    api = open_api(error_rate=1.0, error_status=599)
    api.post("/__admin/faults", json={"fault": {"type": "status", "status": 598}})
    answer = api.open(
        f"{endpoint.path}?__code=597",
        method=endpoint.method,
        headers={"Prefer": "code=596"},
        json={} if writes(endpoint) else None,
    )
    assert answer.status_code < 500
    assert "X-Sandbox-Fault" not in answer.headers
    assert "X-Request-Id" in answer.headers


@pytest.mark.parametrize(
    "path", ["/__admin", "/__admin/", "/__admin/nothing", "/__admin/clock/", "/__adminclock"]
)
def test_there_is_nothing_else(api: FlaskClient, assert_error_shape: Callable[..., str], path: str) -> None:
    assert_error_shape(api.get(path), 404, "nothing at GET")


def writes(endpoint: Endpoint) -> bool:
    return endpoint.method in ("POST", "PUT")


def valid(endpoint: Endpoint) -> dict[str, object]:
    """A body that the schema of ``endpoint`` takes."""
    bodies: dict[str, dict[str, object]] = {
        "changeClock": {"action": "resume"},
        "importState": {
            "version": 1,
            "seed": 1,
            "pinned_ids": [],
            "id_index": 0,
            "frozen_at": None,
            "clock_offset": 0,
            "faults": [],
            "conversations": [],
            "deleted": [],
        },
        "addFault": {"delay": 1},
        "changeFault": {"delay": 1},
        "replaceFaults": {"data": []},
    }
    return bodies.get(endpoint.id, {})
