"""The edge: one sandbox per token, and responses that Flask never sees."""

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client, EnvironBuilder, TestResponse
from werkzeug.wrappers import Response as BaseResponse

from sandbox.app import create_app
from sandbox.edge.boot import Boot
from sandbox.edge.edge import Edge
from sandbox.edge.request_id import RequestIds
from sandbox.settings import Settings
from sandbox.web.body import LARGE_BYTES
from sandbox.world.concurrency import Concurrency
from sandbox.world.fleet import GRACE_SECONDS

Check = Callable[..., str]
T = TypeVar("T")

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"


def send(
    client: FlaskClient, token: str, method: str = "GET", url: str = COLLECTION, **sent: Any
) -> TestResponse:
    return client.open(url, method=method, headers={"Authorization": f"Bearer {token}"}, **sent)


def ids(client: FlaskClient, token: str) -> list[str]:
    return [conversation["id"] for conversation in send(client, token).get_json()["data"]]


@pytest.fixture
def client(open_app: Callable[..., Flask]) -> FlaskClient:
    return open_app().test_client()


def test_sandboxes_of_different_tokens_are_isolated(client: FlaskClient) -> None:
    untouched = send(client, "b").data
    created = send(client, "a", "POST", data={"contact_id": "c"}).get_json()["id"]
    send(client, "a", "PUT", ITEM, json={"is_muted": True, "archived_at": 5})
    send(client, "a", "DELETE", COLLECTION + "/hSIhXBhNe8X1d8Et")
    assert ids(client, "a") == [created, "xgQQXg3hrtjh7AvZ"]
    for token in ("b", "A", "a a", "new"):
        assert send(client, token).data == untouched
        assert send(client, token, "GET", f"{COLLECTION}/{created}").status_code == 404


def test_same_token_gets_the_same_sandbox(client: FlaskClient) -> None:
    created = send(client, "a", "POST", data={"contact_id": "c"}).get_json()["id"]
    assert send(client, " a ", "GET", f"{COLLECTION}/{created}").status_code == 200


def test_every_sandbox_generates_the_same_ids_in_the_same_order(client: FlaskClient) -> None:
    def create(token: str) -> str:
        created: str = send(client, token, "POST", data={"contact_id": token}).get_json()["id"]
        return created

    alone = [create("a") for _ in range(4)]
    mixed = [(create("b"), create("c")) for _ in range(4)]
    assert alone == [one for one, _ in mixed] == [other for _, other in mixed]
    assert len(set(alone)) == 4


def test_full_server_refuses_new_tokens_and_serves_known_ones(
    open_app: Callable[..., Flask], assert_error_shape: Check
) -> None:
    client = open_app(max_sandboxes=2).test_client()
    assert send(client, "a").status_code == 200
    assert send(client, "b").status_code == 200
    refused = send(client, "c")
    assert_error_shape(refused, 503, "All 2 sandboxes", "--max-sandboxes")
    assert int(refused.headers["Retry-After"]) > 0
    assert send(client, "a").status_code == 200
    assert send(client, "b").status_code == 200
    assert client.get(COLLECTION).status_code == 401


def test_idle_sandbox_is_dropped_at_capacity_and_an_active_one_is_not(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app(max_sandboxes=2).test_client()
    send(client, "idle", "DELETE", ITEM)
    send(client, "active", "DELETE", ITEM)
    clock.uptime += GRACE_SECONDS - 1
    send(client, "active")
    assert send(client, "newcomer").status_code == 503
    clock.uptime += 1
    assert send(client, "newcomer").status_code == 200
    assert "xgQQXg3hrtjh7AvZ" not in ids(client, "active")
    assert send(client, "idle").status_code == 503
    clock.uptime += GRACE_SECONDS
    assert "xgQQXg3hrtjh7AvZ" in ids(client, "idle")


def test_idle_sandbox_expires(open_app: Callable[..., Flask], clock: SimpleNamespace) -> None:
    client = open_app(idle_seconds=100).test_client()
    send(client, "a", "DELETE", ITEM)
    clock.uptime += 99
    assert "xgQQXg3hrtjh7AvZ" not in ids(client, "a")
    clock.uptime += 100
    assert "xgQQXg3hrtjh7AvZ" in ids(client, "a")


def test_sandbox_never_expires_with_zero_idle_seconds(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app(idle_seconds=0).test_client()
    send(client, "a", "DELETE", ITEM)
    clock.uptime += 1e9
    assert "xgQQXg3hrtjh7AvZ" not in ids(client, "a")


def test_refused_call_releases_its_sandbox(open_app: Callable[..., Flask], clock: SimpleNamespace) -> None:
    client = open_app(max_sandboxes=1, max_body_bytes=10).test_client()
    for sent in ({"data": b"x" * 11}, {"data": b"{", "content_type": "application/json"}, {"data": b""}):
        assert send(client, "a", "POST", **sent).status_code in (400, 413)
    send(client, "a", "PATCH")
    send(client, "a", "GET", "/v1/nothing")
    clock.uptime += GRACE_SECONDS
    assert send(client, "b").status_code == 200


@pytest.mark.parametrize("path", [COLLECTION, ITEM, "/v1/nothing", "/openapi.json", "/__admin/health", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_server_with_several_processes_refuses_every_request(
    client: FlaskClient, assert_error_shape: Check, method: str, path: str
) -> None:
    response = client.open(path, method=method, environ_overrides={"wsgi.multiprocess": True})
    assert_error_shape(response, 503, "one process", "--workers 1")


def test_several_processes_answer_if_their_state_is_in_a_store() -> None:
    unused: Any = None
    settings = Settings(store="valkey://localhost")
    page = BaseResponse("the page")
    edge = Edge(page, unused, unused, unused, RequestIds(Boot(lambda: 0.0)), settings, lambda: 0.0)
    response = Client(edge).get("/openapi.json", environ_overrides={"wsgi.multiprocess": True})
    assert (response.status_code, response.text) == (200, "the page")


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (413, {"CONTENT_LENGTH": "99999999", "wsgi.input": BytesIO()}),
        (400, {"CONTENT_LENGTH": "5", "wsgi.input": BytesIO(b"a")}),
        (503, {"HTTP_AUTHORIZATION": "Bearer the-second"}),
        (503, {"wsgi.multiprocess": True}),
    ],
    ids=["too large", "incomplete", "full", "several processes"],
)
def test_error_for_head_has_no_body(
    open_api: Callable[..., FlaskClient], status: int, sent: dict[str, Any]
) -> None:
    api = open_api(max_sandboxes=1)
    api.get(COLLECTION)
    response = api.head(COLLECTION, environ_overrides=sent)
    assert response.status_code == status
    assert response.data == b""


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
        "//v1/conversations\xff",
    ],
)
def test_unusual_path_is_not_found(api: FlaskClient, assert_error_shape: Check, path: str) -> None:
    assert_error_shape(api.get(environ_overrides={"PATH_INFO": path}), 404)


@pytest.mark.parametrize(
    "query",
    ["\xff", "limit=\xff", "\xe9=\xe9", "%", "%%%", "=", "a" * 100_000],
    ids=lambda query: ascii(query)[:20],
)
def test_unusual_query_is_refused(api: FlaskClient, assert_error_shape: Check, query: str) -> None:
    assert_error_shape(api.get(COLLECTION, environ_overrides={"QUERY_STRING": query}), 400)


@pytest.mark.parametrize(
    "host", ["", "bad host", "a" * 1000, "[::1", "localhost:notaport"], ids=lambda host: host[:12]
)
def test_unusual_host_gets_a_response(api: FlaskClient, host: str) -> None:
    assert api.get(COLLECTION, headers={"Host": host}).status_code in (200, 400)


@pytest.mark.parametrize(
    "path", ["/__admin/sandboxes", "//__admin/sandboxes", "///__admin/sandboxes", "__admin/sandboxes"]
)
@pytest.mark.parametrize(
    "sent",
    [{"HTTP_ORIGIN": "https://elsewhere.example"}, {"HTTP_HOST": "elsewhere.example"}],
    ids=["origin", "host"],
)
def test_guard_of_the_control_api_cannot_be_bypassed_by_path(
    api: FlaskClient, path: str, sent: dict[str, str]
) -> None:
    assert api.get(environ_overrides=sent | {"PATH_INFO": path}).status_code in (403, 404)


def test_full_server_answers_a_preflight_with_a_token(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app(max_sandboxes=1).test_client()
    send(client, "a")
    assert send(client, "b", "OPTIONS").status_code == 204


def test_options_of_the_whole_server_is_answered(client: FlaskClient) -> None:
    environ = EnvironBuilder("/", method="OPTIONS").get_environ() | {"PATH_INFO": "*"}
    statuses: list[str] = []
    assert list(client.application.wsgi_app(environ, lambda status, *_: statuses.append(status))) == []  # type: ignore[arg-type]
    assert statuses == ["204 No Content"]


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        (COLLECTION, "application/json", b'{"contact_id": "a"}%s'),
        ("/__admin/faults", "application/json; charset=utf-8", b'{"delay": 1}%s'),
        (COLLECTION, "application/x-www-form-urlencoded", b"contact_id=a%s"),
        (
            COLLECTION,
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\na\r\n--b--\r\n%s',
        ),
    ],
    ids=["json", "control", "form", "multipart"],
)
def test_others_run_before_or_while_a_large_body_is_decoded(
    path: str, content_type: str, body: bytes
) -> None:
    paused, offloaded = list[int](), list[int]()

    def offload(work: Callable[[], T]) -> T:
        offloaded.append(1)
        return work()

    app = create_app(
        Settings(scenario="documented"),
        concurrency=Concurrency(pause=lambda: paused.append(1), offload=offload),
    )
    padding = b"&" if b"=a" in body[:13] else b" "
    for length in (LARGE_BYTES, LARGE_BYTES + 1):
        assert (paused, offloaded) == ([], [])
        sent = body % (padding * (length - len(body) + 2))
        assert len(sent) == length
        response = send(app.test_client(), "a", "POST", path, data=sent, content_type=content_type)
        assert response.status_code == (400 if padding == b"&" else 201), response.text
    is_json = content_type.startswith("application/json")
    assert (paused, offloaded) == (([1], []) if is_json else ([], [1]))


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "a/b"])
def test_large_body_that_cannot_be_decoded_is_refused_as_a_small_one(
    client: FlaskClient, assert_error_shape: Check, content_type: str
) -> None:
    small, large = (
        send(client, "a", "POST", data=b"%ff" + b" " * more, content_type=content_type)
        for more in (0, LARGE_BYTES)
    )
    assert small.data == large.data
    assert_error_shape(large, 415 if content_type == "a/b" else 400)
