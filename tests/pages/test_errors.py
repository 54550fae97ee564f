"""Unknown paths: HTML for a browser, the documented shape for a client and for the two APIs."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from sandbox.web.page import POLICY

Check = Callable[..., str]

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path", ["/nothing", "/docs/nothing", "/v2/conversations", "/__administrator", "/v1x"]
)
def test_browser_gets_a_page(api: FlaskClient, assert_error_shape: Check, path: str) -> None:
    response = api.get(path, headers=BROWSER)
    assert response.status_code == 404
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["Vary"] == "Accept"
    assert f"nothing at GET {path}" in response.text
    plain = api.get(path)
    assert_error_shape(plain, 404, path)
    assert plain.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/__admin/nothing", "/__admin/panel/nothing.js"])
def test_the_apis_answer_in_their_shape_whoever_asks(
    api: FlaskClient, assert_error_shape: Check, path: str
) -> None:
    response = api.get(path, headers=BROWSER)
    assert_error_shape(response, 404, "nothing at GET")
    assert "Accept" not in response.headers.get("Vary", "")


@pytest.mark.parametrize("root", ["", "/t/checkout"])
def test_page_leads_to_the_start_page_of_the_same_world(api: FlaskClient, root: str) -> None:
    assert f'<a href="{root}/">The start page</a>' in api.get(f"{root}/nothing", headers=BROWSER).text


def test_path_is_escaped(api: FlaskClient) -> None:
    response = api.get("/<script>alert(1)</script>", headers=BROWSER)
    assert "<script" not in response.text
    assert "&lt;script&gt;" in response.text


def test_head_of_an_unknown_path_has_no_body(api: FlaskClient) -> None:
    response = api.head("/nothing", headers=BROWSER)
    assert (response.status_code, response.data) == (404, b"")
