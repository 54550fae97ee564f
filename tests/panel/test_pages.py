"""The panel as it is served: its page, its files, and who may load them."""

import re
from collections.abc import Callable
from importlib.resources import files

import pytest
from flask.testing import FlaskClient

from sandbox.panel.pages import FILES
from sandbox.web.page import POLICY

Check = Callable[..., str]

INDEX = "/__admin/"
INDEX_FILE = "/__admin/panel/index.html"
SECRET = "hunter2-of-the-admin"


def test_page_has_a_policy_without_exceptions(api: FlaskClient) -> None:
    response = api.get(INDEX)
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert response.data == (files("sandbox.panel") / "static" / "index.html").read_bytes()
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_address_without_a_slash_redirects_to_the_page(api: FlaskClient) -> None:
    response = api.get("/__admin")
    assert response.status_code == 308
    assert response.headers["Location"] == "__admin/"
    assert api.get("/__admin", follow_redirects=True).request.path == INDEX


@pytest.mark.parametrize("name", list(FILES))
def test_every_file_is_served(api: FlaskClient, name: str) -> None:
    response = api.get(f"/__admin/panel/{name}")
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.content_type.split(";")[0] in (
        "image/png",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
    )


def test_page_needs_nothing_inline_and_nothing_from_elsewhere() -> None:
    for name in FILES:
        if name.endswith((".html", ".svg")):
            text = (files("sandbox.panel") / "static" / name).read_text()
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text), name
            assert not re.search(r"""(src|href)=["']?(https?:)?//""", text), name


def test_client_that_has_the_file_gets_304(api: FlaskClient) -> None:
    tag = api.get(INDEX).headers["ETag"]
    response = api.get(INDEX, headers={"If-None-Match": tag})
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == tag
    assert api.get(INDEX, headers={"If-None-Match": '"another"'}).status_code == 200
    assert api.get(INDEX_FILE).headers["ETag"] == tag


def test_head_has_the_headers_of_get_without_a_body(api: FlaskClient) -> None:
    response = api.head(INDEX)
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Content-Length"] == str(len(api.get(INDEX).data))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing.js",
        "INDEX.HTML",
        "../pages.py",
        "..%2fpages.py",
        "%2e%2e/pages.py",
        "..\\pages.py",
        "static/index.html",
        "./index.html",
        "/index.html",
        "index.html/",
        "index.html%00",
        "__init__.py",
    ],
)
def test_other_names_are_unknown(api: FlaskClient, assert_error_shape: Check, name: str) -> None:
    assert_error_shape(api.get("/__admin/panel/" + name), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", [INDEX, "/__admin", INDEX_FILE])
def test_page_is_only_read(api: FlaskClient, assert_error_shape: Check, path: str, method: str) -> None:
    assert_error_shape(api.open(path, method=method), 405, "GET")


@pytest.mark.parametrize("path", [INDEX, INDEX_FILE])
def test_page_needs_no_admin_token(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, path: str
) -> None:
    api = open_api(admin_token=SECRET)
    response = api.get(path)
    assert response.status_code == 200
    assert SECRET not in response.text
    for other in ("/__admin/clock", "/__admin/panel", "/__admin/openapi.json/", "/__admin//"):
        assert_error_shape(api.get(other), 403, "X-Admin-Token")


@pytest.mark.parametrize("path", [INDEX, "/__admin", INDEX_FILE])
def test_page_is_guarded_like_the_control_api(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, path: str
) -> None:
    api = open_api(admin_token=SECRET)
    assert_error_shape(api.get(path, headers={"Host": "elsewhere.example"}), 403, "Host")
    assert_error_shape(api.get(path, headers={"Origin": "https://elsewhere.example"}), 403, "origins")
    beyond = {"SERVER_NAME": "0.0.0.0"}
    assert api.get(path, environ_overrides=beyond).status_code in (200, 308)
    assert_error_shape(open_api().get(path, environ_overrides=beyond), 403, "beyond loopback")
