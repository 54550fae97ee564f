"""Access to the control API: hosts, origins, and the admin token."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse, create_environ, run_wsgi_app

from sandbox.control.guard import host_of, is_loopback
from sandbox.control.table import ENDPOINTS

Check = Callable[..., str]

CLOCK = "/__admin/clock"
GUARDED = [endpoint for endpoint in ENDPOINTS if endpoint.operation.id != "getHealth"]
SECRET = "hunter2-of-the-admin"
PAGE = "http://localhost:3000"


def get_with(api: FlaskClient, path: str = "/__admin/sandboxes", **environ: str | None) -> Any:
    """Return the response to a GET request with these variables in its environment; None is left out."""
    overrides = {name: value for name, value in environ.items() if value is not None}
    return api.get(path, environ_overrides=overrides)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST",
        "LocalHost:1",
        "localhost.",
        "localhost.:8000",
        "127.0.0.1",
        "127.0.0.1:8000",
        "127.0.0.2",
        "127.255.255.254:80",
        "[::1]",
        "[::1]:8000",
        "[0:0:0:0:0:0:0:1]:8000",
    ],
)
def test_loopback_host_is_accepted(api: FlaskClient, host: str) -> None:
    assert get_with(api, HTTP_HOST=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "elsewhere.example",
        "elsewhere.example:8000",
        "localhost.elsewhere.example",
        "127.0.0.1.elsewhere.example",
        "elsewhere.example.localhost.example",
        "notlocalhost",
        "localhost@elsewhere.example",
        "localhost:80.elsewhere.example",
        "[::1].elsewhere.example",
        "[::1]elsewhere.example",
        "[::2]",
        "[::]",
        "0.0.0.0",
        "0.0.0.0:8000",
        "10.0.0.1",
        "192.168.0.1:8000",
        "169.254.169.254",
        "128.0.0.1",
        "127.0.0.1 elsewhere.example",
        "127.0.0.1,elsewhere.example",
        "2130706433",
        "0x7f.0.0.1",
        "\xe9.example",
        "a" * 1000,
    ],
    ids=lambda host: host[:40],
)
def test_other_host_is_refused(api: FlaskClient, assert_error_shape: Check, host: str) -> None:
    assert_error_shape(get_with(api, HTTP_HOST=host), 403, "Host", "localhost")


def test_request_without_a_host_is_refused(shared_app: Flask, assert_error_shape: Check) -> None:
    environ = create_environ("/__admin/sandboxes")
    del environ["HTTP_HOST"]
    response = TestResponse(*run_wsgi_app(shared_app.wsgi_app, environ), request=None)  # type: ignore[arg-type]
    assert_error_shape(response, 403, "Host")


@pytest.mark.parametrize("endpoint", GUARDED, ids=lambda endpoint: endpoint.operation.id)
@pytest.mark.parametrize(
    "headers", [{"Host": "elsewhere.example"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}]
)
def test_every_call_is_guarded(
    api: FlaskClient, assert_error_shape: Check, endpoint: Any, headers: dict[str, str]
) -> None:
    assert_error_shape(
        api.open(endpoint.operation.path, method=endpoint.operation.method, headers=headers, json={}), 403
    )


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/openapi.json", "/clock/", "/CLOCK", "/../v1", "/health/"]
)
def test_every_path_below_admin_is_guarded(api: FlaskClient, assert_error_shape: Check, path: str) -> None:
    response = api.get("/__admin" + path, headers={"Origin": "https://elsewhere.example"})
    assert_error_shape(response, 403, "--admin-origin")


@pytest.mark.parametrize(
    "path", ["//__admin/sandboxes", "///__admin/sandboxes", "__admin/sandboxes", "/\\__admin/sandboxes"]
)
@pytest.mark.parametrize("host", ["localhost", "elsewhere.example"])
def test_guard_cannot_be_bypassed_by_slashes(
    api: FlaskClient, assert_error_shape: Check, path: str, host: str
) -> None:
    response = api.get(environ_overrides={"PATH_INFO": path, "HTTP_HOST": host})
    assert_error_shape(response, 404)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"])
def test_every_method_is_guarded(api: FlaskClient, method: str) -> None:
    response = api.open(CLOCK, method=method, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 403
    assert "Access-Control-Allow-Origin" not in response.headers
    assert (response.data == b"") is (method == "HEAD")


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8000", "http://localhost:8000", 200),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", 200),
        ("[::1]:8000", "http://[::1]:8000", 200),
        ("localhost", "http://localhost", 200),
        ("localhost:8000", "http://localhost:8001", 403),
        ("localhost:8000", "http://127.0.0.1:8000", 403),
        ("localhost:8000", "https://localhost:8000", 403),
        ("localhost:8000", "http://localhost", 403),
        ("localhost:8000", "null", 403),
        ("localhost:8000", "", 403),
        ("localhost:8000", "http://localhost:8000.elsewhere.example", 403),
        ("localhost:8000", "http://elsewhere.example", 403),
        ("localhost:8000", "file://", 403),
        # After DNS rebinding, the origin of a page is that of the server, and only its host is wrong.
        ("elsewhere.example", "http://elsewhere.example", 403),
    ],
)
def test_only_the_origin_of_the_server_is_accepted(
    api: FlaskClient, host: str, origin: str, status: int
) -> None:
    response = get_with(api, HTTP_HOST=host, HTTP_ORIGIN=origin)
    assert response.status_code == status
    assert "Access-Control-Allow-Origin" not in response.headers


def test_request_of_another_origin_changes_nothing(api: FlaskClient) -> None:
    before = api.get("/__admin/state").data
    for sent in (
        {"method": "POST", "path": "/__admin/reset", "json": {"scenario": "blank"}},
        {"method": "PUT", "path": CLOCK, "json": {"action": "freeze", "at": 5}},
        {"method": "DELETE", "path": "/v1/../__admin/sandboxes"},
    ):
        api.open(**sent, headers={"Origin": "https://elsewhere.example"})
    assert api.get("/__admin/state").data == before


# Requests of browsers without an Origin


@pytest.mark.parametrize("path", [CLOCK, "/__admin/openapi.json", "/__admin/panel/index.html", "/__admin/"])
@pytest.mark.parametrize(
    ("site", "is_admitted"),
    [
        (None, True),
        ("none", True),
        ("same-origin", True),
        ("same-site", False),
        ("cross-site", False),
        ("", False),
        ("Cross-Site", False),
        ("none, cross-site", False),
        ("unheard-of", False),
    ],
)
def test_site_of_the_page_counts_where_there_is_no_origin(
    api: FlaskClient, path: str, site: str | None, is_admitted: bool
) -> None:
    assert get_with(api, path, HTTP_SEC_FETCH_SITE=site).status_code == (200 if is_admitted else 403)


def test_origin_comes_before_the_site(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(admin_origin=(PAGE,))
    admitted = {"HTTP_SEC_FETCH_SITE": "same-site", "HTTP_ORIGIN": PAGE}
    assert get_with(api, CLOCK, **admitted).status_code == 200
    assert get_with(api, CLOCK, **admitted | {"HTTP_ORIGIN": "http://localhost:1"}).status_code == 403


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
@pytest.mark.parametrize(
    ("method", "path", "mode", "destination", "status"),
    [
        ("GET", "/__admin/", "navigate", "document", 200),
        ("HEAD", "/__admin/", "navigate", "document", 200),
        ("GET", "/__admin", "navigate", "document", 308),
        ("POST", "/__admin/", "navigate", "document", 403),
        ("GET", "/__admin/", "navigate", "iframe", 403),
        ("GET", "/__admin/", "navigate", "embed", 403),
        ("GET", "/__admin/", "no-cors", "image", 403),
        ("GET", "/__admin/", "navigate", None, 403),
        ("GET", "/__admin/", None, "document", 403),
        ("GET", "/__admin/clock", "navigate", "document", 403),
        ("GET", "/__admin/panel/index.html", "navigate", "document", 403),
        ("GET", "/__admin/openapi.json", "navigate", "document", 403),
        ("GET", "/__admin/health", "no-cors", "image", 200),
    ],
)
def test_panel_opens_from_a_link_of_any_site(
    api: FlaskClient,
    site: str,
    method: str,
    path: str,
    mode: str | None,
    destination: str | None,
    status: int,
) -> None:
    sent = {
        "HTTP_SEC_FETCH_SITE": site,
        "HTTP_SEC_FETCH_MODE": mode,
        "HTTP_SEC_FETCH_DEST": destination,
        "REQUEST_METHOD": method,
    }
    assert get_with(api, path, **sent).status_code == status


# Origins that --admin-origin allows


def test_allowed_origin_may_call_and_read_the_response(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(admin_origin=(PAGE, "https://tools.example"))
    for origin in (PAGE, "https://tools.example"):
        response = api.get(CLOCK, headers={"Origin": origin})
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]
        assert "Origin" in response.headers["Vary"]
    for origin in ("https://tools.example:444", "http://tools.example", "http://localhost:3001", "null"):
        refused = api.get(CLOCK, headers={"Origin": origin})
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_preflight_of_an_allowed_origin_needs_no_token(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app(admin_origin=(PAGE,), admin_token=SECRET).test_client()
    requested_headers = "authorization,content-type,x-admin-token"
    for path in (CLOCK, "/__admin/reset", "/__admin/nothing"):
        response = client.options(
            path,
            headers={
                "Origin": PAGE,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": requested_headers,
            },
        )
        assert (response.status_code, response.data) == (204, b"")
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        assert response.headers["Access-Control-Allow-Headers"] == requested_headers
        assert {"GET", "POST", "PUT", "DELETE"} <= set(
            response.headers["Access-Control-Allow-Methods"].split(", ")
        )


def test_allowed_origin_may_read_errors(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(admin_origin=(PAGE,), admin_token=SECRET)
    response = api.get(CLOCK, headers={"Origin": PAGE})
    assert_error_shape(response, 403, "X-Admin-Token")
    assert response.headers["Access-Control-Allow-Origin"] == PAGE
    response = api.get("/__admin/nothing", headers={"Origin": PAGE, "X-Admin-Token": SECRET})
    assert_error_shape(response, 404)
    assert response.headers["Access-Control-Allow-Origin"] == PAGE


def test_allowed_origin_may_read_health(open_api: Callable[..., FlaskClient]) -> None:
    response = open_api(admin_origin=(PAGE,)).get("/__admin/health", headers={"Origin": PAGE})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == PAGE


def test_allowed_origin_does_not_allow_other_hosts(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(admin_origin=(PAGE,))
    assert_error_shape(get_with(api, HTTP_HOST="elsewhere.example", HTTP_ORIGIN=PAGE), 403, "Host")


# The admin token


@pytest.mark.parametrize(
    "sent", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), f"Bearer {SECRET}", "\xe9\xff"]
)
def test_wrong_admin_token_is_refused(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, sent: str | None
) -> None:
    api = open_api(admin_token=SECRET)
    message = assert_error_shape(get_with(api, HTTP_X_ADMIN_TOKEN=sent), 403, "X-Admin-Token")
    assert SECRET not in message


@pytest.mark.parametrize("endpoint", GUARDED, ids=lambda endpoint: endpoint.operation.id)
def test_every_call_requires_the_admin_token(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, endpoint: Any
) -> None:
    api = open_api(admin_token=SECRET)
    assert_error_shape(
        api.open(endpoint.operation.path, method=endpoint.operation.method, json={}), 403, "X-Admin-Token"
    )


def test_document_needs_no_admin_token(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(admin_token=SECRET)
    assert get_with(api, "/__admin/openapi.json").status_code == 200
    assert get_with(api, "/__admin/openapi.json", HTTP_HOST="elsewhere.example").status_code == 403


def test_admin_token_is_accepted(open_api: Callable[..., FlaskClient]) -> None:
    assert get_with(open_api(admin_token=SECRET), HTTP_X_ADMIN_TOKEN=SECRET).status_code == 200


@pytest.mark.parametrize("token", ["caf\u00e9", "\u5bc6\u7801", "\U0001f511"])
def test_non_ascii_admin_token_is_accepted_as_utf_8(open_api: Callable[..., FlaskClient], token: str) -> None:
    sent = token.encode().decode("latin-1")  # WSGI decodes headers as Latin-1
    assert get_with(open_api(admin_token=token), HTTP_X_ADMIN_TOKEN=sent).status_code == 200
    assert get_with(open_api(admin_token=token), HTTP_X_ADMIN_TOKEN="x").status_code == 403


def test_admin_token_does_not_allow_other_origins_and_hosts(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(admin_token=SECRET)
    assert_error_shape(
        get_with(api, HTTP_X_ADMIN_TOKEN=SECRET, HTTP_ORIGIN="https://elsewhere.example"), 403, "origins"
    )
    assert_error_shape(
        get_with(api, HTTP_X_ADMIN_TOKEN=SECRET, HTTP_HOST="elsewhere.example"), 403, "loopback name"
    )


@settings(max_examples=100, deadline=None)
@given(sent=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30))
def test_any_admin_token_is_accepted_if_none_is_configured(shared_app: Flask, sent: str) -> None:
    response = shared_app.test_client().get(
        "/__admin/sandboxes", environ_overrides={"HTTP_X_ADMIN_TOKEN": sent}
    )
    assert response.status_code == 200


# Beyond loopback


BEYOND_LOOPBACK = ["0.0.0.0", "::", "192.168.0.5", "sandbox.example", "/run/sandbox.sock", ""]


@pytest.mark.parametrize("bound", BEYOND_LOOPBACK)
@pytest.mark.parametrize("host", ["localhost", "192.168.0.5:8000", "sandbox.example", ""])
def test_control_api_without_an_admin_token_is_closed_beyond_loopback(
    api: FlaskClient, assert_error_shape: Check, bound: str, host: str
) -> None:
    response = get_with(api, SERVER_NAME=bound, HTTP_HOST=host)
    assert_error_shape(response, 403, "listens beyond loopback", "--admin-token", "SANDBOX_ADMIN_TOKEN")


@pytest.mark.parametrize("bound", BEYOND_LOOPBACK)
@pytest.mark.parametrize("host", ["localhost", "192.168.0.5:8000", "sandbox.example"])
def test_admin_token_is_accepted_beyond_loopback_for_any_host(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, bound: str, host: str
) -> None:
    api = open_api(admin_token=SECRET)
    opened = get_with(api, SERVER_NAME=bound, HTTP_HOST=host, HTTP_X_ADMIN_TOKEN=SECRET)
    assert opened.status_code == 200
    assert_error_shape(get_with(api, SERVER_NAME=bound, HTTP_HOST=host), 403, "X-Admin-Token")
    assert_error_shape(
        get_with(api, SERVER_NAME=bound, HTTP_HOST=host, HTTP_X_ADMIN_TOKEN=SECRET, HTTP_ORIGIN=PAGE), 403
    )


@pytest.mark.parametrize("bound", ["127.0.0.1", "::1", "localhost", "127.0.0.53"])
def test_control_api_is_open_on_loopback(api: FlaskClient, bound: str) -> None:
    assert get_with(api, SERVER_NAME=bound, HTTP_HOST="localhost:8000").status_code == 200


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "elsewhere.example"},
        {"HTTP_HOST": ""},
        {"HTTP_ORIGIN": "https://elsewhere.example"},
        {"SERVER_NAME": "0.0.0.0"},
    ],
)
def test_health_is_not_guarded(open_api: Callable[..., FlaskClient], environ: dict[str, str]) -> None:
    api = open_api(admin_token=SECRET)
    assert get_with(api, "/__admin/health", **environ).status_code == 200


@pytest.mark.parametrize(
    "environ",
    [{"HTTP_HOST": "elsewhere.example"}, {"HTTP_ORIGIN": "https://a.example"}, {"SERVER_NAME": "0.0.0.0"}],
)
@pytest.mark.parametrize("path", ["/v1/conversations", "/openapi.json"])
def test_api_is_not_guarded(open_api: Callable[..., FlaskClient], path: str, environ: dict[str, str]) -> None:
    assert get_with(open_api(admin_token=SECRET), path, **environ).status_code == 200


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("localhost:8000", "localhost"),
        ("localhost", "localhost"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("", ""),
    ],
)
def test_host_of_an_authority(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.9.9.9", True), ("::1", True), ("::", False), ("", False), ("1.1.1.1", False)],
)
def test_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_response_of_the_control_api_never_has_a_token(open_app: Callable[..., Flask]) -> None:
    token, other = "sk-live-0123456789abcdef", "sk-live-fedcba9876543210"
    client = open_app(admin_token=SECRET).test_client()
    for each in (token, other):
        sent = {"Authorization": f"Bearer {each}", "Cookie": f"s={each}", "X-Admin-Token": SECRET}
        client.get("/v1/conversations", headers=sent)
        client.post("/v1/conversations", headers=sent, data={"contact_id": "a", "access_token": each})
        client.get(f"/v1/conversations?limit=1&access_token={each}", headers=sent)
        client.get(f"/v1/conversations?access_token={each}")
        client.post("/__admin/faults", headers=sent, json={"delay": 0})
        client.post("/__admin/snapshots", headers=sent, json={})
    texts = []
    for endpoint in ENDPOINTS:
        if endpoint.operation.id == "streamRequests":
            continue  # it does not end; see test_journal_stream.py
        for authorization in ("", f"Bearer {token}", f"Basic {token}"):
            headers = {"Authorization": authorization, "X-Admin-Token": SECRET}
            for body in ({}, {"action": "freeze"}, {"nothing": 1}):
                response = client.open(
                    endpoint.operation.path, method=endpoint.operation.method, headers=headers, json=body
                )
                texts.append(response.text + str(response.headers))
    assert len(texts) > 100
    for text in texts:
        assert token not in text
        assert other not in text
        assert SECRET not in text
