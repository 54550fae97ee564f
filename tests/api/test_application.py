"""The short way of the documented operations, and Flask's usual way for all else."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.api.answers import json_answer

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
ME = {"Authorization": "Bearer me"}


@pytest.fixture
def app(open_app: Callable[..., Flask]) -> Flask:
    return open_app()


@pytest.fixture
def by_flask(app: Flask) -> list[Any]:
    """The requests that went Flask's usual way."""
    seen: list[Any] = []
    app.before_request(lambda: seen.append(True))
    return seen


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", COLLECTION), ("HEAD", COLLECTION), ("POST", COLLECTION), ("GET", ITEM), ("PUT", ITEM)],
)
def test_operations_take_the_short_way(app: Flask, by_flask: list[Any], method: str, path: str) -> None:
    sent: dict[str, Any] = {"json": {"contact_id": "a"}} if method == "POST" else {}
    assert app.test_client().open(path, method=method, headers=ME, **sent).status_code < 300
    assert by_flask == []


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
def test_everything_else_goes_the_usual_way(
    app: Flask, by_flask: list[Any], method: str, path: str, status: int
) -> None:
    assert app.test_client().open(path, method=method, headers=ME).status_code == status
    assert by_flask == [True]


def test_what_a_view_answers_is_sent_as_it_is(app: Flask) -> None:
    app.add_url_rule("/made", "made", lambda: json_answer(b"{}", 203, [("X-One", "1")]))
    answer = app.test_client().get("/made")
    assert (answer.status, answer.data) == ("203 Non-Authoritative Information", b"{}")
    assert (answer.content_type, answer.headers["X-One"]) == ("application/json", "1")


def test_an_error_that_nobody_expected_is_told_and_logged_on_both_ways(
    app: Flask, assert_error_shape: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("something secret")

    app.add_url_rule("/broken", "broken", fail)
    client: FlaskClient = app.test_client()
    assert "secret" not in assert_error_shape(client.get("/broken"), 500)
    monkeypatch.setattr("sandbox.world.sandbox.Sandbox.get", fail)
    assert "secret" not in assert_error_shape(client.get(ITEM, headers=ME), 500)


def test_an_id_is_read_as_the_bytes_that_it_came_as(
    app: Flask, assert_error_shape: Callable[..., str]
) -> None:
    answer = app.test_client().get(COLLECTION + "/gr%C3%BC%C3%9Fe", headers=ME)
    assert_error_shape(answer, 404, "grüße")
