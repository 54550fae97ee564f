"""Calls that name their world: the token only authenticates."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Check = Callable[..., str]

COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"
ME = {"Authorization": "Bearer me"}
WAYS: dict[str, tuple[str, dict[str, str]]] = {
    "prefix": ("/t/w", {}),
    "header": ("", {"X-Sandbox-World": "w"}),
    "cookie": ("", {"Cookie": "theme=dark; sandbox_world=w"}),
    "all": ("/t/w", {"X-Sandbox-World": "w", "Cookie": "sandbox_world=w"}),
}


@pytest.fixture
def client(open_app: Callable[..., Flask]) -> FlaskClient:
    return open_app().test_client(use_cookies=False)


def send(
    client: FlaskClient, way: str, method: str = "GET", path: str = COLLECTION, **sent: Any
) -> TestResponse:
    prefix, headers = WAYS[way]
    return client.open(prefix + path, method=method, headers=headers | sent.pop("headers", ME), **sent)


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_of_naming_a_world_lead_to_the_same_one(client: FlaskClient, way: str) -> None:
    assert send(client, "prefix", "DELETE", ITEM).status_code == 204
    assert send(client, way, path=ITEM, headers={"Authorization": "Bearer other"}).status_code == 404


@pytest.mark.parametrize("token", ["w", "me", "/t/w"])
def test_named_world_is_not_the_world_of_a_token(client: FlaskClient, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    send(client, "prefix", "DELETE", ITEM, headers=bearer)
    assert client.get(ITEM, headers=bearer).status_code == 200
    assert client.get(f"/t/{token.strip('/')[-1]}x{ITEM}", headers=bearer).status_code == 200


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("authorization", [None, "Bearer", "Basic abc"])
def test_named_world_does_not_replace_the_token(
    client: FlaskClient, assert_error_shape: Check, way: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = send(client, way, headers=headers)
    assert_error_shape(response, 401, "bearer token is missing")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    (entry,) = client.get("/t/w/__admin/requests").get_json()["data"]
    assert (entry["path"], entry["status"]) == (COLLECTION, 401)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("token", "method", "status"),
    [("revoked_a", "GET", 401), ("readonly_a", "GET", 200), ("readonly_a", "DELETE", 403)],
)
def test_token_keeps_its_meaning(client: FlaskClient, way: str, token: str, method: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert send(client, way, method, ITEM, headers=headers).status_code == status


def test_name_has_no_meaning_of_a_token(client: FlaskClient) -> None:
    assert client.get(f"/t/revoked_a{COLLECTION}", headers=ME).status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_location_keeps_the_prefix(client: FlaskClient, way: str) -> None:
    response = send(client, way, "POST", data={"contact_id": "a"})
    location = f"{WAYS[way][0]}{COLLECTION}/{response.get_json()['id']}"
    assert (response.status_code, response.headers["Location"]) == (201, location)
    assert send(client, way, path=location.removeprefix(WAYS[way][0])).get_json() == response.get_json()


def test_location_keeps_the_prefix_through_a_fault_that_changes_the_response(client: FlaskClient) -> None:
    headers = ME | {"Prefer": "fault=wrong_content_type"}
    response = send(client, "prefix", "POST", data={"contact_id": "a"}, headers=headers)
    assert response.headers["Location"].startswith(f"/t/w{COLLECTION}/")


def test_rules_and_the_journal_have_the_path_without_the_prefix(client: FlaskClient) -> None:
    rule = {"match": {"path": "/v1/conversations/*"}, "fault": {"type": "status", "status": 503}}
    assert client.post("/t/w/__admin/faults", json=rule).status_code == 201
    assert send(client, "prefix", path=ITEM).status_code == 503
    assert client.get(ITEM, headers=ME).status_code == 200
    (entry,) = client.get("/__admin/requests", headers={"X-Sandbox-World": "w"}).get_json()["data"]
    assert (entry["path"], entry["operation"], entry["rule"]) == (ITEM, "retrieveConversation", "rule-1")


@pytest.mark.parametrize(
    ("path", "headers", "fragments"),
    [
        (f"/t/a{COLLECTION}", {"X-Sandbox-World": "b"}, ["path prefix", "header X-Sandbox-World"]),
        (f"/t/a{COLLECTION}", {"Cookie": "sandbox_world=b"}, ["path prefix", "cookie sandbox_world"]),
        (COLLECTION, {"X-Sandbox-World": "a", "Cookie": "sandbox_world=b"}, ["header", "cookie"]),
        (f"/t/a.b{COLLECTION}", {}, ['not "a.b"']),
        (f"/t/{'a' * 65}{COLLECTION}", {}, ["1 to 64 letters"]),
        (f"/t/a%2Fb{COLLECTION}", {}, ['not "a/b"']),
        (f"/t/..{COLLECTION}", {}, ['not ".."']),
        (f"/t/caf%C3%A9{COLLECTION}", {}, ['not "café"']),
        (f"/t/%FF{COLLECTION}", {}, ["not "]),
        (f"/t/{COLLECTION}", {}, ['not ""']),
        (COLLECTION, {"X-Sandbox-World": ""}, ["header X-Sandbox-World", 'not ""']),
        (COLLECTION, {"Cookie": "sandbox_world="}, ["cookie sandbox_world", 'not ""']),
    ],
)
@pytest.mark.parametrize("token", [ME, {}])
def test_invalid_or_contradictory_names_are_refused(
    client: FlaskClient,
    assert_error_shape: Check,
    path: str,
    headers: dict[str, str],
    fragments: list[str],
    token: dict[str, str],
) -> None:
    response = client.get(path, headers=token | headers)
    assert_error_shape(response, 400, *fragments)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/__admin/sandboxes").get_json() == {"data": []}
    # It entered no world, so it is in the journal of the calls without one.
    assert client.get("/__admin/requests/count?status=400").get_json() == {"count": 1}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/t/w/v1/nothing", 404),
        ("/t/w/v2/conversations", 404),
        ("/t/w//v1/conversations", 404),
        ("/t/w/t/x/v1/conversations", 404),
        ("/t/w", 404),
        ("/t/", 404),
        ("/t", 404),
        ("/T/w/v1/conversations", 404),
        (f"/t/w{ITEM}", 405),
    ],
)
def test_page_reads_errors_under_the_prefix(
    client: FlaskClient, assert_error_shape: Check, path: str, status: int
) -> None:
    response = client.open(
        path, method="PATCH" if status == 405 else "GET", headers=ME | {"Origin": "http://x"}
    )
    assert_error_shape(response, status)
    assert response.headers["Access-Control-Allow-Origin"] == "http://x"
    assert "Location" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("world", ["w", "a.b", ""])
def test_preflight_under_the_prefix_is_answered_before_the_name_is_read(
    client: FlaskClient, world: str
) -> None:
    response = client.options(
        f"/t/{world}{ITEM}",
        headers={
            "Origin": "http://localhost:5173",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,x-sandbox-world",
        },
    )
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert response.headers["Allow"] == "DELETE, GET, HEAD, PUT, OPTIONS"
    assert "x-sandbox-world" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/__admin/health", "/__admin/sandboxes", "/__admin/state"])
def test_control_api_under_the_prefix_has_no_cors_headers_and_is_guarded(
    client: FlaskClient, path: str
) -> None:
    response = client.get(f"/t/w{path}", headers={"Origin": "http://evil.example"})
    assert response.status_code == (200 if path.endswith("health") else 403)
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", ["/openapi.json", "/__admin/openapi.json", "/__admin/health"])
def test_everything_is_served_under_the_prefix(client: FlaskClient, path: str) -> None:
    assert client.get(f"/t/w{path}").status_code == 200
    assert client.get("/__admin/sandboxes").get_json() == {"data": []}


CONTROL: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("GET", "/__admin/clock", None, 200),
    ("PUT", "/__admin/clock", {"action": "freeze", "at": 5}, 200),
    ("GET", "/__admin/state", None, 200),
    ("POST", "/__admin/reset", {}, 200),
    ("POST", "/__admin/snapshots", {}, 201),
    ("GET", "/__admin/faults", None, 200),
    ("GET", "/__admin/requests", None, 200),
    ("GET", "/__admin/requests/count", None, 200),
    ("PUT", "/__admin/conversations/x", {"contact_id": "a"}, 201),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CONTROL)
@pytest.mark.parametrize("way", ["prefix", "header"])
@pytest.mark.parametrize("token", [{}, ME])
def test_control_api_acts_on_the_named_world(
    client: FlaskClient,
    way: str,
    token: dict[str, str],
    method: str,
    path: str,
    body: dict[str, Any] | None,
    status: int,
) -> None:
    assert send(client, way, method, path, headers=token, json=body).status_code == status
    assert [each["name"] for each in client.get("/__admin/sandboxes").get_json()["data"]] == ["w"]


@pytest.mark.parametrize(("method", "path", "body", "status"), CONTROL)
def test_control_api_ignores_the_cookie(
    client: FlaskClient, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    assert send(client, "cookie", method, path, json=body).status_code == status
    (listed,) = client.get("/__admin/sandboxes").get_json()["data"]
    assert (listed["name"], listed["token"]) == (None, "m…")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/t/a/__admin/clock", {"X-Sandbox-World": "b"}),
        ("/t/a.b/__admin/clock", {}),
        ("/t/a%2Fb/__admin/clock", {}),
        ("/__admin/clock", {"X-Sandbox-World": ""}),
    ],
)
def test_control_api_refuses_invalid_or_contradictory_names(
    client: FlaskClient, assert_error_shape: Check, path: str, headers: dict[str, str]
) -> None:
    assert_error_shape(client.get(path, headers=ME | headers), 400, "world")


def test_idle_named_world_expires(open_app: Callable[..., Flask], clock: SimpleNamespace) -> None:
    client = open_app(idle_seconds=100).test_client()
    send(client, "prefix", "DELETE", ITEM)
    clock.uptime += 99
    assert send(client, "prefix", path=ITEM).status_code == 404
    clock.uptime += 100
    assert send(client, "prefix", path=ITEM).status_code == 200
