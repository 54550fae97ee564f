"""Errors of every kind have the documented shape."""

from collections.abc import Callable

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

Check = Callable[..., str]

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/conversation",
        "/v1/Conversations",
        "/v2/conversations",
        "/conversations",
        COLLECTION + "/",
        COLLECTION + "//",
        ITEM + "/",
        ITEM + "/messages",
        "/v1//conversations",
        "/v1/conversations//xgQQXg3hrtjh7AvZ",
        "/openapi.json/",
        "/favicon.ico",
        "/static/anything",
        "/__admin/health/",
        "/__admin/nothing",
        "/v1/" + "x" * 5000,
        "/%FF",
        "/v1/%00",
    ],
    ids=lambda path: path[:40],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_unknown_path_is_not_found_and_not_redirected(
    api: FlaskClient, assert_error_shape: Check, method: str, path: str
) -> None:
    response = api.open(path, method=method)
    assert len(assert_error_shape(response, 404, method)) < 250
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("path", "allowed", "methods"),
    [
        (COLLECTION, {"GET", "HEAD", "POST", "OPTIONS"}, ["PUT", "PATCH", "DELETE", "TRACE", "BREW"]),
        (ITEM, {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}, ["POST", "PATCH", "TRACE", "BREW"]),
    ],
)
def test_unsupported_method_is_refused_with_the_allowed_ones(
    api: FlaskClient, assert_error_shape: Check, path: str, allowed: set[str], methods: list[str]
) -> None:
    for method in methods:
        response = api.open(path, method=method)
        assert_error_shape(response, 405, method, path)
        assert set(response.headers["Allow"].split(", ")) == allowed
    assert set(api.options(path).headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", [COLLECTION, ITEM, "/openapi.json", "/__admin/health"])
def test_methods_in_allow_are_allowed(api: FlaskClient, path: str) -> None:
    allowed = api.open(path, method="BREW").headers["Allow"].split(", ")
    assert allowed
    for method in allowed:
        assert api.open(path, method=method).status_code != 405


def test_method_of_any_length_is_refused(api: FlaskClient, assert_error_shape: Check) -> None:
    assert len(assert_error_shape(api.open(COLLECTION, method="X" * 2000), 405)) < 300


def test_unknown_conversation_is_not_found(api: FlaskClient, assert_error_shape: Check) -> None:
    assert_error_shape(api.get(COLLECTION + "/nope"), 404, '"nope"')


@pytest.fixture
def failing_client(open_app: Callable[..., Flask]) -> FlaskClient:
    """Return a client of an application with additional paths that fail."""
    app = open_app()

    def fail() -> str:
        raise RuntimeError("a secret detail")

    def abort_with(status: int) -> str:
        abort(status)

    app.add_url_rule("/v1/defect", "defect", fail, methods=["GET"])
    app.add_url_rule("/v1/abort/<int:status>", "abort", abort_with, methods=["GET"])
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
    return client


def test_unexpected_error_is_logged_and_not_disclosed(
    failing_client: FlaskClient, assert_error_shape: Check, caplog: pytest.LogCaptureFixture
) -> None:
    message = assert_error_shape(failing_client.get("/v1/defect"), 500, "defect of the sandbox")
    assert "secret" not in message
    assert "a secret detail" in caplog.text


@pytest.mark.parametrize(
    "status", [400, 403, 404, 406, 409, 410, 412, 413, 415, 418, 422, 429, 500, 501, 502, 503, 504]
)
def test_every_http_error_has_the_documented_shape(
    failing_client: FlaskClient, assert_error_shape: Check, status: int
) -> None:
    assert_error_shape(failing_client.get(f"/v1/abort/{status}"), status)
