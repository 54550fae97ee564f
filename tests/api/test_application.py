"""The direct path of the documented operations, and the dispatch of Flask for everything else."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from sandbox.web.response import json_response

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
ME = {"Authorization": "Bearer me"}


@pytest.fixture
def app(open_app: Callable[..., Flask]) -> Flask:
    return open_app()


@pytest.fixture
def dispatched(app: Flask) -> list[Any]:
    """Return a list with one item for each request that Flask dispatches."""
    seen: list[Any] = []
    app.before_request(lambda: seen.append(True))
    return seen


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", COLLECTION), ("HEAD", COLLECTION), ("POST", COLLECTION), ("GET", ITEM), ("PUT", ITEM)],
)
def test_operations_bypass_the_dispatch_of_flask(
    app: Flask, dispatched: list[Any], method: str, path: str
) -> None:
    sent: dict[str, Any] = {"json": {"contact_id": "a"}} if method == "POST" else {}
    assert app.test_client().open(path, method=method, headers=ME, **sent).status_code < 300
    assert dispatched == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", ITEM, 405),
        ("DELETE", COLLECTION, 405),
        ("GET", "/v1/nowhere", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/__admin/health", 200),
    ],
)
def test_other_requests_are_dispatched_by_flask(
    app: Flask, dispatched: list[Any], method: str, path: str, status: int
) -> None:
    assert app.test_client().open(path, method=method, headers=ME).status_code == status
    assert dispatched == [True]


def test_response_of_a_view_is_sent_unchanged(app: Flask) -> None:
    app.add_url_rule("/made", "made", lambda: json_response(b"{}", 203, [("X-One", "1")]))
    response = app.test_client().get("/made")
    assert (response.status, response.data) == ("203 Non-Authoritative Information", b"{}")
    assert (response.content_type, response.headers["X-One"]) == ("application/json", "1")


def test_unexpected_error_is_a_500_without_details_on_both_paths(
    app: Flask, assert_error_shape: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("something secret")

    app.add_url_rule("/broken", "broken", fail)
    client: FlaskClient = app.test_client()
    assert "secret" not in assert_error_shape(client.get("/broken"), 500)
    monkeypatch.setattr("sandbox.world.sandbox.Sandbox.get", fail)
    assert "secret" not in assert_error_shape(client.get(ITEM, headers=ME), 500)


def test_id_in_the_path_is_decoded_as_utf_8(app: Flask, assert_error_shape: Callable[..., str]) -> None:
    response = app.test_client().get(COLLECTION + "/gr%C3%BC%C3%9Fe", headers=ME)
    assert_error_shape(response, 404, "grüße")


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("get", COLLECTION, 405, "GET, HEAD, POST, OPTIONS"),
        ("Post", COLLECTION, 405, "GET, HEAD, POST, OPTIONS"),
        ("delete", ITEM, 405, "DELETE, GET, HEAD, PUT, OPTIONS"),
        ("get", "/openapi.json", 405, "GET, HEAD"),
        ("Get", "/v1/nowhere", 404, None),
    ],
)
def test_a_method_in_another_case_is_another_method(
    app: Flask, method: str, path: str, status: int, allowed: str | None
) -> None:
    environ = EnvironBuilder(path).get_environ() | {
        "REQUEST_METHOD": method,
        "HTTP_AUTHORIZATION": "Bearer me",
    }
    found: list[Any] = []
    list(app.wsgi_app(environ, lambda *sent: found.extend(sent)))  # type: ignore[arg-type]
    assert found[0].startswith(str(status))
    assert dict(found[1]).get("Allow") == allowed
