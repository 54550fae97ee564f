"""The table of the control API, compared with the contract."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.control.table import ENDPOINTS
from sandbox.web.endpoint import Endpoint, Scope

ROWS = {
    ("GET", "/__admin/health"),
    ("POST", "/__admin/reset"),
    ("GET", "/__admin/scenarios"),
    ("GET", "/__admin/faults"),
    ("POST", "/__admin/faults"),
    ("PUT", "/__admin/faults"),
    ("DELETE", "/__admin/faults"),
    ("PUT", "/__admin/faults/order"),
    ("GET", "/__admin/presets"),
    ("GET", "/__admin/faults/{}"),
    ("PUT", "/__admin/faults/{}"),
    ("DELETE", "/__admin/faults/{}"),
    ("GET", "/__admin/requests"),
    ("GET", "/__admin/requests/count"),
    ("GET", "/__admin/requests/stream"),
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
    ("DELETE", "/__admin/conversations/{}"),
    ("GET", "/__admin/sandboxes"),
    ("DELETE", "/__admin/sandboxes/{}"),
    ("POST", "/__admin/worlds"),
}
SANDBOX_RESOURCES = ("/__admin/clock", "/__admin/state", "/__admin/snapshots", "/__admin/conversations")
by_id = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.operation.id)


def without_names(path: str) -> str:
    """Return ``path`` without the names of its parameters."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def test_table_has_the_rows_of_the_contract() -> None:
    assert {
        (endpoint.operation.method, without_names(endpoint.operation.path)) for endpoint in ENDPOINTS
    } == ROWS
    assert len(ENDPOINTS) == len(ROWS)
    assert len({endpoint.operation.id for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_server_routes_exactly_the_rows_of_the_table(shared_app: Flask) -> None:
    routed = {
        (method, without_names(str(rule).replace("<", "{")))
        for rule in shared_app.url_map.iter_rules()
        for method in rule.methods or ()
        if str(rule).startswith("/__admin") and method not in ("HEAD", "OPTIONS")
    }
    pages = {"/__admin/openapi.json", "/__admin/", "/__admin", "/__admin/panel/{}"}
    assert routed == ROWS | {("GET", path) for path in pages}


@by_id
def test_only_resources_of_a_sandbox_require_a_token(endpoint: Endpoint) -> None:
    assert (endpoint.scope is Scope.SANDBOX) is endpoint.operation.path.startswith(SANDBOX_RESOURCES)


@by_id
def test_every_view_has_a_docstring(endpoint: Endpoint) -> None:
    assert (endpoint.view.__doc__ or "").strip().endswith(".")


@by_id
def test_error_without_a_token_names_the_missing_header(
    shared_app: Flask, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    if endpoint.scope is Scope.SANDBOX:
        response = shared_app.test_client().open(
            endpoint.operation.path,
            method=endpoint.operation.method,
            json=valid_body(endpoint) if is_write(endpoint) else None,
        )
        assert_error_shape(response, 400, "Authorization: Bearer")


@by_id
def test_every_write_requires_json(
    api: FlaskClient, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    if is_write(endpoint):
        for content_type in (
            None,
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ):
            response = api.open(
                endpoint.operation.path,
                method=endpoint.operation.method,
                data=b"{}",
                content_type=content_type,
            )
            assert_error_shape(response, 415, "application/json")


@by_id
def test_every_write_refuses_invalid_json_and_unknown_attributes(
    api: FlaskClient, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    if is_write(endpoint):
        for body in (b"{", b"[]", b"null", b"\xff", b'{"a": 1, "a": 2}'):
            response = api.open(
                endpoint.operation.path,
                method=endpoint.operation.method,
                data=body,
                content_type="application/json",
            )
            assert_error_shape(response, 400)
        response = api.open(
            endpoint.operation.path,
            method=endpoint.operation.method,
            json=valid_body(endpoint) | {"unknown_attribute": 1},
        )
        assert_error_shape(response, 400, "unknown_attribute")


@by_id
def test_every_call_refuses_unknown_query_attributes(
    api: FlaskClient, assert_error_shape: Callable[..., str], endpoint: Endpoint
) -> None:
    response = api.open(
        f"{endpoint.operation.path}?unknown_attribute=1",
        method=endpoint.operation.method,
        json=valid_body(endpoint) if is_write(endpoint) else None,
    )
    assert_error_shape(response, 400, "unknown_attribute")


@by_id
def test_faults_do_not_affect_control_calls(open_api: Callable[..., FlaskClient], endpoint: Endpoint) -> None:
    api = open_api(error_rate=1.0, error_status=599)
    api.post("/__admin/faults", json={"fault": {"type": "status", "status": 598}})
    response = api.open(
        f"{endpoint.operation.path}?__code=597",
        method=endpoint.operation.method,
        headers={"Prefer": "code=596"},
        json={} if is_write(endpoint) else None,
    )
    assert response.status_code < 500
    assert "X-Sandbox-Fault" not in response.headers
    assert "X-Request-Id" in response.headers


@pytest.mark.parametrize("path", ["/__admin/nothing", "/__admin/panel", "/__admin/clock/", "/__adminclock"])
def test_unknown_control_path_is_not_found(
    api: FlaskClient, assert_error_shape: Callable[..., str], path: str
) -> None:
    assert_error_shape(api.get(path), 404, "nothing at GET")


def is_write(endpoint: Endpoint) -> bool:
    return endpoint.operation.method in ("POST", "PUT")


def valid_body(endpoint: Endpoint) -> dict[str, object]:
    """Return a body that the schema of ``endpoint`` accepts."""
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
        "orderFaults": {"ids": []},
    }
    return bodies.get(endpoint.operation.id, {})
