"""The start page: HTML for a browser, JSON for a client."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from sandbox.pages.home import PLACES
from sandbox.version import __version__
from sandbox.web.page import POLICY

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def test_browser_gets_a_page(api: FlaskClient) -> None:
    response = api.get("/", headers={"Accept": BROWSER})
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["Vary"] == "Accept"
    for path, _ in PLACES.values():
        assert f'href="{path}"' in response.text
    assert "curl -G http://localhost/v1/conversations" in response.text


def test_client_gets_the_same_as_json(api: FlaskClient) -> None:
    response = api.get("/")
    assert response.content_type == "application/json"
    assert response.headers["Vary"] == "Accept"
    content = response.get_json()
    assert content["version"] == __version__
    assert content["example"].startswith("curl -G http://localhost/v1/conversations")
    assert {name: content[name] for name in PLACES} == {name: path for name, (path, _) in PLACES.items()}


def test_places_are_those_of_the_world_that_the_path_names(api: FlaskClient) -> None:
    content = api.get("/t/checkout/").get_json()
    assert content["example"].startswith("curl -G http://localhost/t/checkout/v1/conversations ")
    assert {name: content[name] for name in PLACES} == {
        name: f"/t/checkout{path}" for name, (path, _) in PLACES.items()
    }
    page = api.get("/t/checkout/", headers={"Accept": BROWSER}).text
    assert content["example"].split(" -H")[0] in page
    for path, _ in PLACES.values():
        assert f'href="/t/checkout{path}"' in page
        assert api.get(f"/t/checkout{path}").status_code == 200


@pytest.mark.parametrize("path", [path for path, _ in PLACES.values()])
def test_every_place_exists(api: FlaskClient, path: str) -> None:
    assert api.get(path).status_code == 200


def test_host_of_the_request_is_escaped(api: FlaskClient) -> None:
    response = api.get("/", headers={"Accept": BROWSER, "Host": 'a"<script>alert(1)</script>'})
    assert "<script" not in response.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_page_is_only_read(api: FlaskClient, assert_error_shape: Callable[..., str], method: str) -> None:
    assert_error_shape(api.open("/", method=method), 405, "GET")
    assert api.head("/").status_code == 200
