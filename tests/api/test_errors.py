"""Every error has the one documented shape, whatever went wrong."""

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
        "/",
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
def test_an_unknown_path_is_not_found_and_never_a_redirect(
    api: FlaskClient, assert_error_shape: Check, method: str, path: str
) -> None:
    answer = api.open(path, method=method)
    assert len(assert_error_shape(answer, 404, method)) < 250
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("path", "allowed", "methods"),
    [
        (COLLECTION, {"GET", "HEAD", "POST", "OPTIONS"}, ["PUT", "PATCH", "DELETE", "TRACE", "BREW"]),
        (ITEM, {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}, ["POST", "PATCH", "TRACE", "BREW"]),
    ],
)
def test_another_method_is_not_allowed_and_allow_lists_those_that_are(
    api: FlaskClient, assert_error_shape: Check, path: str, allowed: set[str], methods: list[str]
) -> None:
    for method in methods:
        answer = api.open(path, method=method)
        assert_error_shape(answer, 405, method, path)
        assert set(answer.headers["Allow"].split(", ")) == allowed
    assert set(api.options(path).headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", [COLLECTION, ITEM, "/openapi.json", "/__admin/health"])
def test_what_allow_lists_is_allowed(api: FlaskClient, path: str) -> None:
    allowed = api.open(path, method="BREW").headers["Allow"].split(", ")
    assert allowed
    for method in allowed:
        assert api.open(path, method=method).status_code != 405


def test_a_method_of_any_length_is_answered(api: FlaskClient, assert_error_shape: Check) -> None:
    assert len(assert_error_shape(api.open(COLLECTION, method="X" * 2000), 405)) < 300


def test_an_unknown_conversation_is_not_found(api: FlaskClient, assert_error_shape: Check) -> None:
    assert_error_shape(api.get(COLLECTION + "/nope"), 404, '"nope"')


@pytest.fixture
def broken(open_app: Callable[..., Flask]) -> FlaskClient:
    """An application with paths that fail in every way."""
    app = open_app()

    def defect() -> str:
        raise RuntimeError("a secret of the machine room")

    def aborting(status: int) -> str:
        abort(status)

    app.add_url_rule("/v1/defect", "defect", defect, methods=["GET"])
    app.add_url_rule("/v1/abort/<int:status>", "abort", aborting, methods=["GET"])
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
    return client


def test_a_defect_is_logged_and_answered_without_a_word_of_it(
    broken: FlaskClient, assert_error_shape: Check, caplog: pytest.LogCaptureFixture
) -> None:
    message = assert_error_shape(broken.get("/v1/defect"), 500, "defect of the sandbox")
    assert "secret" not in message
    assert "a secret of the machine room" in caplog.text


@pytest.mark.parametrize(
    "status", [400, 403, 404, 406, 409, 410, 412, 413, 415, 418, 422, 429, 500, 501, 502, 503, 504]
)
def test_every_http_error_has_the_documented_shape(
    broken: FlaskClient, assert_error_shape: Check, status: int
) -> None:
    assert_error_shape(broken.get(f"/v1/abort/{status}"), status)
