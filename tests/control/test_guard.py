"""Who may call the control API, and who may not."""

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
ALL = [endpoint for endpoint in ENDPOINTS if endpoint.id != "getHealth"]
SECRET = "hunter2-of-the-admin"
PAGE = "http://localhost:3000"


def guarded(api: FlaskClient, path: str = "/__admin/sandboxes", **environ: str | None) -> Any:
    """A call in an environment changed by ``environ``; None takes a variable out."""
    set_ = {name: value for name, value in environ.items() if value is not None}
    return api.get(path, environ_overrides=set_)


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
def test_a_loopback_name_is_let_through(api: FlaskClient, host: str) -> None:
    assert guarded(api, HTTP_HOST=host).status_code == 200


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
def test_a_page_that_came_through_dns_rebinding_is_refused_by_its_host(
    api: FlaskClient, assert_error_shape: Check, host: str
) -> None:
    assert_error_shape(guarded(api, HTTP_HOST=host), 403, "Host", "localhost")


def test_a_request_without_a_host_is_refused(shared_app: Flask, assert_error_shape: Check) -> None:
    environ = create_environ("/__admin/sandboxes")
    del environ["HTTP_HOST"]
    answer = TestResponse(*run_wsgi_app(shared_app.wsgi_app, environ), request=None)  # type: ignore[arg-type]
    assert_error_shape(answer, 403, "Host")


@pytest.mark.parametrize("endpoint", ALL, ids=lambda endpoint: endpoint.id)
@pytest.mark.parametrize(
    "headers", [{"Host": "elsewhere.example"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}]
)
def test_every_call_is_guarded(
    api: FlaskClient, assert_error_shape: Check, endpoint: Any, headers: dict[str, str]
) -> None:
    assert_error_shape(api.open(endpoint.path, method=endpoint.method, headers=headers, json={}), 403)


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/openapi.json", "/clock/", "/CLOCK", "/../v1", "/health/"]
)
def test_every_path_below_is_guarded_whether_there_is_something_or_not(
    api: FlaskClient, assert_error_shape: Check, path: str
) -> None:
    answer = api.get("/__admin" + path, headers={"Origin": "https://elsewhere.example"})
    assert_error_shape(answer, 403, "--admin-origin")


@pytest.mark.parametrize(
    "path", ["//__admin/sandboxes", "///__admin/sandboxes", "__admin/sandboxes", "/\\__admin/sandboxes"]
)
@pytest.mark.parametrize("host", ["localhost", "elsewhere.example"])
def test_no_slash_leads_past_the_guard(
    api: FlaskClient, assert_error_shape: Check, path: str, host: str
) -> None:
    answer = api.get(environ_overrides={"PATH_INFO": path, "HTTP_HOST": host})
    assert_error_shape(answer, 404)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"])
def test_no_method_leads_past_the_guard(api: FlaskClient, method: str) -> None:
    answer = api.open(CLOCK, method=method, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert (answer.data == b"") is (method == "HEAD")


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
        # A page that came through DNS rebinding has an origin of its own, which is that of the server.
        ("elsewhere.example", "http://elsewhere.example", 403),
    ],
)
def test_a_page_may_call_where_its_origin_is_the_server_s_own(
    api: FlaskClient, host: str, origin: str, status: int
) -> None:
    answer = guarded(api, HTTP_HOST=host, HTTP_ORIGIN=origin)
    assert answer.status_code == status
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_of_another_site_changes_nothing(api: FlaskClient) -> None:
    before = api.get("/__admin/state").data
    for sent in (
        {"method": "POST", "path": "/__admin/reset", "json": {"scenario": "blank"}},
        {"method": "PUT", "path": CLOCK, "json": {"action": "freeze", "at": 5}},
        {"method": "DELETE", "path": "/v1/../__admin/sandboxes"},
    ):
        api.open(**sent, headers={"Origin": "https://elsewhere.example"})
    assert api.get("/__admin/state").data == before


# Pages that --admin-origin admits


def test_an_admitted_origin_may_call_and_read_the_answer(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(admin_origin=(PAGE, "https://tools.example"))
    for origin in (PAGE, "https://tools.example"):
        answer = api.get(CLOCK, headers={"Origin": origin})
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]
    for origin in ("https://tools.example:444", "http://tools.example", "http://localhost:3001", "null"):
        refused = api.get(CLOCK, headers={"Origin": origin})
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_the_preflight_of_an_admitted_origin_is_answered_without_admin_token_and_token(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app(admin_origin=(PAGE,), admin_token=SECRET).test_client()
    asked = "authorization,content-type,x-admin-token"
    for path in (CLOCK, "/__admin/reset", "/__admin/nothing"):
        answer = client.options(
            path,
            headers={
                "Origin": PAGE,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": asked,
            },
        )
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert answer.headers["Access-Control-Allow-Headers"] == asked
        assert {"GET", "POST", "PUT", "DELETE"} <= set(
            answer.headers["Access-Control-Allow-Methods"].split(", ")
        )


def test_a_page_of_an_admitted_origin_can_read_why_it_was_refused(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(admin_origin=(PAGE,), admin_token=SECRET)
    answer = api.get(CLOCK, headers={"Origin": PAGE})
    assert_error_shape(answer, 403, "X-Admin-Token")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    answer = api.get("/__admin/nothing", headers={"Origin": PAGE, "X-Admin-Token": SECRET})
    assert_error_shape(answer, 404)
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def test_a_page_of_an_admitted_origin_can_read_health(open_api: Callable[..., FlaskClient]) -> None:
    answer = open_api(admin_origin=(PAGE,)).get("/__admin/health", headers={"Origin": PAGE})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def test_an_admitted_origin_does_not_open_other_hosts(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(admin_origin=(PAGE,))
    assert_error_shape(guarded(api, HTTP_HOST="elsewhere.example", HTTP_ORIGIN=PAGE), 403, "Host")


# The admin token


@pytest.mark.parametrize(
    "sent", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), f"Bearer {SECRET}", "\xe9\xff"]
)
def test_with_an_admin_token_nobody_gets_in_without_it(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, sent: str | None
) -> None:
    api = open_api(admin_token=SECRET)
    message = assert_error_shape(guarded(api, HTTP_X_ADMIN_TOKEN=sent), 403, "X-Admin-Token")
    assert SECRET not in message


@pytest.mark.parametrize("endpoint", ALL, ids=lambda endpoint: endpoint.id)
def test_with_an_admin_token_every_call_wants_it(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, endpoint: Any
) -> None:
    api = open_api(admin_token=SECRET)
    assert_error_shape(api.open(endpoint.path, method=endpoint.method, json={}), 403, "X-Admin-Token")


def test_the_admin_token_opens(open_api: Callable[..., FlaskClient]) -> None:
    assert guarded(open_api(admin_token=SECRET), HTTP_X_ADMIN_TOKEN=SECRET).status_code == 200


@pytest.mark.parametrize("token", ["caf\u00e9", "\u5bc6\u7801", "\U0001f511"])
def test_an_admin_token_beyond_ascii_opens_sent_as_utf_8(
    open_api: Callable[..., FlaskClient], token: str
) -> None:
    sent = token.encode().decode("latin-1")  # how WSGI hands on the bytes of a header
    assert guarded(open_api(admin_token=token), HTTP_X_ADMIN_TOKEN=sent).status_code == 200
    assert guarded(open_api(admin_token=token), HTTP_X_ADMIN_TOKEN="x").status_code == 403


def test_the_admin_token_does_not_open_to_other_origins_and_hosts(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(admin_token=SECRET)
    assert_error_shape(
        guarded(api, HTTP_X_ADMIN_TOKEN=SECRET, HTTP_ORIGIN="https://elsewhere.example"), 403, "origins"
    )
    assert_error_shape(
        guarded(api, HTTP_X_ADMIN_TOKEN=SECRET, HTTP_HOST="elsewhere.example"), 403, "loopback name"
    )


@settings(max_examples=100, deadline=None)
@given(sent=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30))
def test_any_admin_token_that_is_sent_is_answered(shared_app: Flask, sent: str) -> None:
    answer = shared_app.test_client().get(
        "/__admin/sandboxes", environ_overrides={"HTTP_X_ADMIN_TOKEN": sent}
    )
    assert answer.status_code == 200


# Beyond loopback


BEYOND = ["0.0.0.0", "::", "192.168.0.5", "sandbox.example", "/run/sandbox.sock", ""]


@pytest.mark.parametrize("bound", BEYOND)
@pytest.mark.parametrize("host", ["localhost", "192.168.0.5:8000", "sandbox.example", ""])
def test_beyond_loopback_without_an_admin_token_the_control_api_is_closed_and_says_why(
    api: FlaskClient, assert_error_shape: Check, bound: str, host: str
) -> None:
    answer = guarded(api, SERVER_NAME=bound, HTTP_HOST=host)
    assert_error_shape(answer, 403, "listens beyond loopback", "--admin-token", "SANDBOX_ADMIN_TOKEN")


@pytest.mark.parametrize("bound", BEYOND)
@pytest.mark.parametrize("host", ["localhost", "192.168.0.5:8000", "sandbox.example"])
def test_beyond_loopback_the_admin_token_opens_whatever_the_host(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, bound: str, host: str
) -> None:
    api = open_api(admin_token=SECRET)
    opened = guarded(api, SERVER_NAME=bound, HTTP_HOST=host, HTTP_X_ADMIN_TOKEN=SECRET)
    assert opened.status_code == 200
    assert_error_shape(guarded(api, SERVER_NAME=bound, HTTP_HOST=host), 403, "X-Admin-Token")
    assert_error_shape(
        guarded(api, SERVER_NAME=bound, HTTP_HOST=host, HTTP_X_ADMIN_TOKEN=SECRET, HTTP_ORIGIN=PAGE), 403
    )


@pytest.mark.parametrize("bound", ["127.0.0.1", "::1", "localhost", "127.0.0.53"])
def test_bound_to_loopback_the_control_api_is_open_to_this_machine(api: FlaskClient, bound: str) -> None:
    assert guarded(api, SERVER_NAME=bound, HTTP_HOST="localhost:8000").status_code == 200


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "elsewhere.example"},
        {"HTTP_HOST": ""},
        {"HTTP_ORIGIN": "https://elsewhere.example"},
        {"SERVER_NAME": "0.0.0.0"},
    ],
)
def test_health_is_never_guarded(open_api: Callable[..., FlaskClient], environ: dict[str, str]) -> None:
    api = open_api(admin_token=SECRET)
    assert guarded(api, "/__admin/health", **environ).status_code == 200


@pytest.mark.parametrize(
    "environ",
    [{"HTTP_HOST": "elsewhere.example"}, {"HTTP_ORIGIN": "https://a.example"}, {"SERVER_NAME": "0.0.0.0"}],
)
@pytest.mark.parametrize("path", ["/v1/conversations", "/openapi.json"])
def test_the_api_itself_is_not_guarded(
    open_api: Callable[..., FlaskClient], path: str, environ: dict[str, str]
) -> None:
    assert guarded(open_api(admin_token=SECRET), path, **environ).status_code == 200


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
def test_the_host_of_an_authority(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.9.9.9", True), ("::1", True), ("::", False), ("", False), ("1.1.1.1", False)],
)
def test_what_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_no_answer_of_the_control_api_holds_a_token(open_app: Callable[..., Flask]) -> None:
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
        for authorization in ("", f"Bearer {token}", f"Basic {token}"):
            headers = {"Authorization": authorization, "X-Admin-Token": SECRET}
            for body in ({}, {"action": "freeze"}, {"nothing": 1}):
                answer = client.open(endpoint.path, method=endpoint.method, headers=headers, json=body)
                texts.append(answer.text + str(answer.headers))
    assert len(texts) > 100
    for text in texts:
        assert token not in text
        assert other not in text
        assert SECRET not in text
