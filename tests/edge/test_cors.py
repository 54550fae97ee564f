"""CORS: any page may call the API and read every response, including those that Flask never sees."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.edge.cors import ALLOWED, EXPOSED, cors_headers, is_preflight, preflight_headers

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
ORIGIN = "http://localhost:5173"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization,content-type,x-of-my-own",
}

RESPONSES: list[tuple[int, str, str, dict[str, Any]]] = [
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
    """Return a function that makes a call, and checks and returns its response."""

    def send(status: int, method: str, url: str, sent: dict[str, Any], **headers: str) -> TestResponse:
        api = open_api(max_body_bytes=80, max_sandboxes=1, max_conversations=2 if status == 507 else 3)
        api.get(COLLECTION)
        response = api.open(url, method=method, **(sent | {"headers": sent.get("headers", {}) | headers}))
        assert response.status_code == status
        return response

    return send


@pytest.mark.parametrize(("status", "method", "url", "sent"), RESPONSES, ids=lambda part: str(part)[:30])
def test_every_response_is_readable_by_any_origin(
    call: Callable[..., TestResponse], status: int, method: str, url: str, sent: dict[str, Any]
) -> None:
    headers = call(status, method, url, sent).headers
    assert headers.getlist("Access-Control-Allow-Origin") == ["*"]
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Location", "Retry-After", "X-Request-Id"} <= set(exposed)
    assert "Origin" in headers["Vary"]


@pytest.mark.parametrize(("status", "method", "url", "sent"), RESPONSES, ids=lambda part: str(part)[:30])
def test_every_response_names_the_origin_and_allows_credentials(
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
def test_preflight_needs_no_token_and_creates_no_sandbox(open_app: Callable[..., Flask], url: str) -> None:
    app = open_app(max_sandboxes=1)
    client = app.test_client()
    client.get(COLLECTION, headers={"Authorization": "Bearer the-only-one"})
    response = client.options(url, headers=PREFLIGHT)
    assert response.status_code == 204
    assert response.data == b""
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    methods = set(response.headers["Access-Control-Allow-Methods"].split(", "))
    assert {"GET", "POST", "PUT", "DELETE"} <= methods
    allowed = {name.strip() for name in response.headers["Access-Control-Allow-Headers"].lower().split(",")}
    assert allowed == {"authorization", "content-type", "x-of-my-own"}
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert client.get("/__admin/health").get_json()["sandboxes"] == 1


def test_preflight_without_requested_headers_is_answered(api: FlaskClient) -> None:
    response = api.options(COLLECTION, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"})
    assert response.status_code == 204
    assert "authorization" in response.headers["Access-Control-Allow-Headers"].lower()


def test_private_network_access_is_allowed_on_request(api: FlaskClient) -> None:
    preflight = PREFLIGHT | {"Access-Control-Request-Private-Network": "true"}
    assert (
        api.options(COLLECTION, headers=preflight).headers["Access-Control-Allow-Private-Network"] == "true"
    )
    assert "Access-Control-Allow-Private-Network" not in api.options(COLLECTION, headers=PREFLIGHT).headers


PATHS = [
    COLLECTION,
    "/v1",
    "/v1/",
    "/v1/nothing",
    "/v2/conversations",
    "/",
    "/openapi.json",
    "/openapi.json/",
    "/caf%C3%A9",
    "//v1/conversations",
    "//__admin/health",
    "/__administrator",
    "/__adminx/health",
]


@pytest.mark.parametrize(
    "method",
    ["GET", "POST", "PUT", "DELETE", "PATCH", "patch", "Patch", "OPTIONS", "BREW", "x-y.z!#$%&'*+^_`|~"],
)
@pytest.mark.parametrize("path", PATHS)
def test_page_may_make_and_read_any_call_outside_the_control_api(
    api: FlaskClient, path: str, method: str
) -> None:
    environ = {"PATH_INFO": unquote(path, "latin-1"), "HTTP_ORIGIN": ORIGIN}
    asked = PREFLIGHT | {"Access-Control-Request-Method": method}
    preflight = api.options(headers=asked, environ_overrides=environ)
    assert (preflight.status_code, preflight.data) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in preflight.headers["Access-Control-Allow-Methods"].split(", ")
    assert preflight.headers["Access-Control-Allow-Headers"] == PREFLIGHT["Access-Control-Request-Headers"]
    answer = api.open(environ_overrides=environ | {"REQUEST_METHOD": method})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert "Allow" in answer.headers["Access-Control-Expose-Headers"].split(", ")


@pytest.mark.parametrize("requested", ["GET, BREW", "a b", "", "*\r\nX: y", "caf\u00e9", "BREW,", "(BREW)"])
def test_only_a_method_is_echoed(requested: str) -> None:
    environ = {"REQUEST_METHOD": "OPTIONS", "PATH_INFO": "/", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": requested}
    allowed = dict(preflight_headers(environ))["Access-Control-Allow-Methods"]
    assert allowed == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


@pytest.mark.parametrize("requested", [{}, {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": ""}])
def test_preflight_names_the_headers_of_the_sandbox(requested: dict[str, str]) -> None:
    allowed = dict(preflight_headers({"PATH_INFO": COLLECTION} | requested))["Access-Control-Allow-Headers"]
    assert allowed == ", ".join(ALLOWED)
    assert {"Authorization", "X-Sandbox-World", "Idempotency-Key", "Prefer"} <= set(ALLOWED)


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/nothing"])
def test_options_outside_the_api_that_is_no_preflight_is_an_ordinary_request(
    api: FlaskClient, path: str
) -> None:
    response = api.options(path, headers={"Origin": ORIGIN})
    assert response.status_code in {404, 405}
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(
    ("environ", "is_one"),
    [
        ({"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}, True),
        ({"REQUEST_METHOD": "OPTIONS"}, False),
        ({"REQUEST_METHOD": "options", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}, False),
        ({"REQUEST_METHOD": "GET", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}, False),
    ],
)
def test_a_preflight_names_the_method_of_the_call(environ: dict[str, str], is_one: bool) -> None:
    assert is_preflight(environ) == is_one


def test_preflight_is_answered_where_every_call_is_refused(api: FlaskClient) -> None:
    several = {"wsgi.multiprocess": True}
    assert api.options(COLLECTION, headers=PREFLIGHT, environ_overrides=several).status_code == 204


@pytest.mark.parametrize("path", ["/__admin", "/__admin/", "/__admin/health", "/__admin/nothing"])
def test_preflight_of_another_site_for_the_control_api_allows_nothing(api: FlaskClient, path: str) -> None:
    response = api.options(path, headers=PREFLIGHT | {"Origin": "https://elsewhere.example"})
    assert not [name for name, _ in response.headers if name.lower().startswith("access-control-")]


def test_openapi_document_is_readable_by_any_origin(api: FlaskClient) -> None:
    assert api.get("/openapi.json").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/__admin/health", "/__admin/nothing", "//__admin/health", "///__admin/health"]
)
def test_control_api_sends_no_cors_headers_to_other_origins(api: FlaskClient, path: str) -> None:
    environ = {"HTTP_ORIGIN": "https://elsewhere.example", "PATH_INFO": path}
    response = api.get(environ_overrides=environ)
    if response.status_code != 404:
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control-")]


def test_wildcard_is_sent_only_without_an_origin() -> None:
    assert dict(cors_headers({}))["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in dict(cors_headers({}))
    headers = dict(cors_headers({"HTTP_ORIGIN": ORIGIN}))
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert headers["Access-Control-Expose-Headers"] == ", ".join(EXPOSED)
    assert "*" not in dict(preflight_headers({"PATH_INFO": COLLECTION})).values()
