"""CORS: any page may call the API and read every answer, also those that Flask never saw."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.edge.cors import EXPOSED, cors_headers, preflight_headers

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
ORIGIN = "http://localhost:5173"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization,content-type,x-of-my-own",
}

ANSWERS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "GET", COLLECTION, {}),
    (200, "HEAD", COLLECTION, {}),
    (200, "GET", ITEM, {}),
    (200, "PUT", ITEM, {"json": {"is_muted": True}}),
    (201, "POST", COLLECTION, {"json": {"contact_id": "a"}}),
    (204, "DELETE", ITEM, {}),
    (204, "OPTIONS", ITEM, {}),
    (400, "POST", COLLECTION, {}),
    (400, "GET", COLLECTION + "?limit=0", {}),
    (401, "GET", COLLECTION, {"headers": {"Authorization": "Basic a"}}),
    (404, "GET", COLLECTION + "/nope", {}),
    (404, "GET", "/v1/nothing", {}),
    (404, "GET", COLLECTION + "/", {}),
    (405, "PATCH", COLLECTION, {}),
    (413, "POST", COLLECTION, {"json": {"contact_id": "a" * 100}}),
    (415, "POST", COLLECTION, {"data": b"a", "content_type": "text/plain"}),
    (503, "GET", COLLECTION, {"headers": {"Authorization": "Bearer the-second"}}),
    (503, "GET", COLLECTION, {"environ_overrides": {"wsgi.multiprocess": True}}),
    (507, "POST", COLLECTION, {"json": {"contact_id": "a"}}),
]


@pytest.fixture
def call(open_api: Callable[..., FlaskClient]) -> Callable[..., TestResponse]:
    """A call that is answered with the status that the row asks for."""

    def called(status: int, method: str, url: str, sent: dict[str, Any], **headers: str) -> TestResponse:
        api = open_api(max_body_bytes=80, max_sandboxes=1, max_conversations=2 if status == 507 else 3)
        api.get(COLLECTION)
        answer = api.open(url, method=method, **(sent | {"headers": sent.get("headers", {}) | headers}))
        assert answer.status_code == status
        return answer

    return called


@pytest.mark.parametrize(("status", "method", "url", "sent"), ANSWERS, ids=lambda part: str(part)[:30])
def test_every_answer_may_be_read_by_any_page(
    call: Callable[..., TestResponse], status: int, method: str, url: str, sent: dict[str, Any]
) -> None:
    headers = call(status, method, url, sent).headers
    assert headers.getlist("Access-Control-Allow-Origin") == ["*"]
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Location", "Retry-After", "X-Request-Id"} <= set(exposed)
    assert "Origin" in headers["Vary"]


@pytest.mark.parametrize(("status", "method", "url", "sent"), ANSWERS, ids=lambda part: str(part)[:30])
def test_a_page_that_sends_credentials_is_named_by_every_answer(
    call: Callable[..., TestResponse], status: int, method: str, url: str, sent: dict[str, Any]
) -> None:
    headers = call(status, method, url, sent, Origin=ORIGIN).headers
    assert headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert headers.getlist("Access-Control-Allow-Credentials") == ["true"]
    assert "Origin" in headers["Vary"]


@pytest.mark.parametrize("origin", ["null", "https://app.example", "http://192.168.1.7:8080", "file://"])
def test_any_origin_is_echoed(api: FlaskClient, origin: str) -> None:
    assert api.get(COLLECTION, headers={"Origin": origin}).headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("url", [COLLECTION, ITEM, COLLECTION + "/nope", COLLECTION + "?limit=0"])
def test_the_preflight_is_answered_before_authentication_and_without_a_sandbox(
    open_app: Callable[..., Flask], url: str
) -> None:
    app = open_app(max_sandboxes=1)
    client = app.test_client()
    client.get(COLLECTION, headers={"Authorization": "Bearer the-only-one"})
    answer = client.options(url, headers=PREFLIGHT)
    assert answer.status_code == 204
    assert answer.data == b""
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    methods = set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert {"GET", "POST", "PUT", "DELETE"} <= methods
    allowed = {name.strip() for name in answer.headers["Access-Control-Allow-Headers"].lower().split(",")}
    assert allowed == {"authorization", "content-type", "x-of-my-own"}
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert client.get("/__admin/health").get_json()["sandboxes"] == 1


def test_a_preflight_that_asks_for_no_headers_is_answered(api: FlaskClient) -> None:
    answer = api.options(COLLECTION, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"})
    assert answer.status_code == 204
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_a_page_on_a_public_address_may_call_a_sandbox_on_this_machine(api: FlaskClient) -> None:
    asked = PREFLIGHT | {"Access-Control-Request-Private-Network": "true"}
    assert api.options(COLLECTION, headers=asked).headers["Access-Control-Allow-Private-Network"] == "true"
    assert "Access-Control-Allow-Private-Network" not in api.options(COLLECTION, headers=PREFLIGHT).headers


def test_the_openapi_document_may_be_read_by_any_page(api: FlaskClient) -> None:
    assert api.get("/openapi.json").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/__admin/health", "/__admin/nothing", "//__admin/health", "///__admin/health"]
)
def test_the_control_api_is_not_for_the_pages_of_other_sites(api: FlaskClient, path: str) -> None:
    elsewhere = {"HTTP_ORIGIN": "https://elsewhere.example", "PATH_INFO": path}
    answer = api.get(environ_overrides=elsewhere)
    if answer.status_code != 404:
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def test_a_wildcard_stands_only_where_no_credentials_are_sent() -> None:
    assert dict(cors_headers({}))["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in dict(cors_headers({}))
    named = dict(cors_headers({"HTTP_ORIGIN": ORIGIN}))
    assert named["Access-Control-Allow-Origin"] == ORIGIN
    assert named["Access-Control-Expose-Headers"] == ", ".join(EXPOSED)
    assert "*" not in dict(preflight_headers({"PATH_INFO": COLLECTION})).values()
