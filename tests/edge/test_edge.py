"""The edge: one sandbox per token, and answers that Flask never sees."""

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.world.fleet import GRACE_SECONDS

Check = Callable[..., str]

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"


def calling(
    client: FlaskClient, token: str, method: str = "GET", url: str = COLLECTION, **sent: Any
) -> TestResponse:
    return client.open(url, method=method, headers={"Authorization": f"Bearer {token}"}, **sent)


def ids(client: FlaskClient, token: str) -> list[str]:
    return [conversation["id"] for conversation in calling(client, token).get_json()["data"]]


@pytest.fixture
def client(open_app: Callable[..., Flask]) -> FlaskClient:
    return open_app().test_client()


def test_nothing_that_one_token_does_is_seen_by_another(client: FlaskClient) -> None:
    untouched = calling(client, "b").data
    made = calling(client, "a", "POST", data={"contact_id": "c"}).get_json()["id"]
    calling(client, "a", "PUT", ITEM, json={"is_muted": True, "archived_at": 5})
    calling(client, "a", "DELETE", COLLECTION + "/hSIhXBhNe8X1d8Et")
    assert ids(client, "a") == [made, "xgQQXg3hrtjh7AvZ"]
    for token in ("b", "A", "a a", "new"):
        assert calling(client, token).data == untouched
        assert calling(client, token, "GET", f"{COLLECTION}/{made}").status_code == 404


def test_the_same_token_comes_back_to_the_same_sandbox(client: FlaskClient) -> None:
    made = calling(client, "a", "POST", data={"contact_id": "c"}).get_json()["id"]
    assert calling(client, " a ", "GET", f"{COLLECTION}/{made}").status_code == 200


def test_every_sandbox_hands_out_the_same_ids_in_the_same_order(client: FlaskClient) -> None:
    def create(token: str) -> str:
        made: str = calling(client, token, "POST", data={"contact_id": token}).get_json()["id"]
        return made

    alone = [create("a") for _ in range(4)]
    mixed = [(create("b"), create("c")) for _ in range(4)]
    assert alone == [one for one, _ in mixed] == [other for _, other in mixed]
    assert len(set(alone)) == 4


def test_a_full_server_refuses_a_new_token_and_serves_those_it_has(
    open_app: Callable[..., Flask], assert_error_shape: Check
) -> None:
    client = open_app(max_sandboxes=2).test_client()
    assert calling(client, "a").status_code == 200
    assert calling(client, "b").status_code == 200
    refused = calling(client, "c")
    assert_error_shape(refused, 503, "All 2 sandboxes", "--max-sandboxes")
    assert int(refused.headers["Retry-After"]) > 0
    assert calling(client, "a").status_code == 200
    assert calling(client, "b").status_code == 200
    assert client.get(COLLECTION).status_code == 401


def test_at_capacity_an_idle_sandbox_makes_room_and_a_live_one_never_does(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app(max_sandboxes=2).test_client()
    calling(client, "idle", "DELETE", ITEM)
    calling(client, "live", "DELETE", ITEM)
    clock.uptime += GRACE_SECONDS - 1
    calling(client, "live")
    assert calling(client, "newcomer").status_code == 503
    clock.uptime += 1
    assert calling(client, "newcomer").status_code == 200
    assert "xgQQXg3hrtjh7AvZ" not in ids(client, "live")
    assert calling(client, "idle").status_code == 503
    clock.uptime += GRACE_SECONDS
    assert "xgQQXg3hrtjh7AvZ" in ids(client, "idle")


def test_a_sandbox_that_was_idle_for_long_starts_anew(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app(idle_seconds=100).test_client()
    calling(client, "a", "DELETE", ITEM)
    clock.uptime += 99
    assert "xgQQXg3hrtjh7AvZ" not in ids(client, "a")
    clock.uptime += 100
    assert "xgQQXg3hrtjh7AvZ" in ids(client, "a")


def test_a_sandbox_that_never_expires_does_not(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app(idle_seconds=0).test_client()
    calling(client, "a", "DELETE", ITEM)
    clock.uptime += 1e9
    assert "xgQQXg3hrtjh7AvZ" not in ids(client, "a")


def test_a_refused_call_does_not_keep_its_sandbox_in_use(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app(max_sandboxes=1, max_body_bytes=10).test_client()
    for sent in ({"data": b"x" * 11}, {"data": b"{", "content_type": "application/json"}, {"data": b""}):
        assert calling(client, "a", "POST", **sent).status_code in (400, 413)
    calling(client, "a", "PATCH")
    calling(client, "a", "GET", "/v1/nothing")
    clock.uptime += GRACE_SECONDS
    assert calling(client, "b").status_code == 200


@pytest.mark.parametrize("path", [COLLECTION, ITEM, "/v1/nothing", "/openapi.json", "/__admin/health", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_server_of_several_processes_refuses_everything_and_says_why(
    client: FlaskClient, assert_error_shape: Check, method: str, path: str
) -> None:
    answer = client.open(path, method=method, environ_overrides={"wsgi.multiprocess": True})
    assert_error_shape(answer, 503, "one process", "--workers 1")


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (413, {"CONTENT_LENGTH": "99999999", "wsgi.input": BytesIO()}),
        (400, {"CONTENT_LENGTH": "5", "wsgi.input": BytesIO(b"a")}),
        (503, {"HTTP_AUTHORIZATION": "Bearer the-second"}),
        (503, {"wsgi.multiprocess": True}),
    ],
    ids=["too large", "broken off", "full", "several processes"],
)
def test_a_head_request_is_never_answered_with_a_body(
    open_api: Callable[..., FlaskClient], status: int, sent: dict[str, Any]
) -> None:
    api = open_api(max_sandboxes=1)
    api.get(COLLECTION)
    answer = api.head(COLLECTION, environ_overrides=sent)
    assert answer.status_code == status
    assert answer.data == b""


@pytest.mark.parametrize(
    "path",
    [
        "",
        "*",
        "v1",
        "/v1",
        "v1/conversations",
        "//v1/conversations",
        "///v1/conversations",
        "//openapi.json",
        "//__admin/health",
        "__admin/health",
        "/v1/conversations\xff",
    ],
)
def test_any_path_is_answered(api: FlaskClient, assert_error_shape: Check, path: str) -> None:
    assert_error_shape(api.get(environ_overrides={"PATH_INFO": path}), 404)


@pytest.mark.parametrize(
    "query",
    ["\xff", "limit=\xff", "\xe9=\xe9", "%", "%%%", "=", "a" * 100_000],
    ids=lambda query: ascii(query)[:20],
)
def test_any_query_is_answered(api: FlaskClient, assert_error_shape: Check, query: str) -> None:
    assert_error_shape(api.get(COLLECTION, environ_overrides={"QUERY_STRING": query}), 400)


@pytest.mark.parametrize(
    "host", ["", "bad host", "a" * 1000, "[::1", "localhost:notaport"], ids=lambda host: host[:12]
)
def test_any_host_is_answered(api: FlaskClient, host: str) -> None:
    assert api.get(COLLECTION, headers={"Host": host}).status_code in (200, 400)


@pytest.mark.parametrize(
    "path", ["/__admin/sandboxes", "//__admin/sandboxes", "///__admin/sandboxes", "__admin/sandboxes"]
)
@pytest.mark.parametrize(
    "sent",
    [{"HTTP_ORIGIN": "https://elsewhere.example"}, {"HTTP_HOST": "elsewhere.example"}],
    ids=["origin", "host"],
)
def test_no_way_of_writing_the_path_leads_past_the_guard_of_the_control_api(
    api: FlaskClient, path: str, sent: dict[str, str]
) -> None:
    assert api.get(environ_overrides=sent | {"PATH_INFO": path}).status_code in (403, 404)


def test_a_preflight_is_answered_by_a_full_server_even_where_it_brings_a_token(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app(max_sandboxes=1).test_client()
    calling(client, "a")
    assert calling(client, "b", "OPTIONS").status_code == 204
