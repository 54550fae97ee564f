"""Views of operations: authentication, then validation, then the view."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema

from sandbox.api.application import Application
from sandbox.api.conversations import ENDPOINTS
from sandbox.api.endpoint import register
from sandbox.operations import Operation
from sandbox.schemas.fields import Id
from sandbox.web.endpoint import Endpoint
from sandbox.web.response import Response, json_response

COLLECTION = "/v1/conversations"


class NameSchema(Schema):
    name = Id()


@pytest.fixture
def view_calls() -> list[dict[str, Any]]:
    """Return the arguments of each call of the view."""
    return []


@pytest.fixture
def open_probe(
    open_app: Callable[..., Flask], view_calls: list[dict[str, Any]]
) -> Callable[..., FlaskClient]:
    """Return a factory of clients whose application has one more endpoint, at ``/v1/probe/{id}``."""

    def view(sandbox: object, **arguments: Any) -> Response:
        """Record the arguments."""
        assert sandbox is not None
        view_calls.append(arguments)
        return json_response(b"{}")

    def create(*, lenient: bool = False, **schemas: Any) -> FlaskClient:
        app = cast("Application", open_app())
        probe = Endpoint(Operation("probe", "POST", "/v1/probe/{id}"), view, **schemas)
        register(app, probe, lenient=lenient)
        return app.test_client()

    return create


TOKEN = {"Authorization": "Bearer me"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_view_gets_the_arguments_of_its_schemas(
    open_probe: Callable[..., FlaskClient], view_calls: list[dict[str, Any]]
) -> None:
    open_probe().post("/v1/probe/x", headers=TOKEN)
    open_probe(query=NameSchema()).post("/v1/probe/x?name=q", headers=TOKEN)
    open_probe(body=NameSchema()).post("/v1/probe/x", json={"name": "b"}, headers=TOKEN)
    open_probe(query=NameSchema(), body=NameSchema()).post(
        "/v1/probe/x?name=q", json={"name": "b"}, headers=TOKEN
    )
    assert view_calls == [
        {"conversation_id": "x"},
        {"conversation_id": "x", "query": {"name": "q"}},
        {"conversation_id": "x", "body": {"name": "b"}},
        {"conversation_id": "x", "query": {"name": "q"}, "body": {"name": "b"}},
    ]


@pytest.mark.parametrize(
    ("url", "body", "headers", "status"),
    [
        ("/v1/probe/x", {"name": "b"}, {}, 401),
        ("/v1/probe/x?name=!", {"name": "b"}, TOKEN, 400),
        ("/v1/probe/x", {"name": "!"}, TOKEN, 400),
        ("/v1/probe/x?other=1", {"name": "b"}, TOKEN, 400),
    ],
)
def test_view_is_not_called_for_a_refused_request(
    open_probe: Callable[..., FlaskClient],
    view_calls: list[dict[str, Any]],
    url: str,
    body: dict[str, str],
    headers: dict[str, str],
    status: int,
) -> None:
    assert (
        open_probe(query=NameSchema(), body=NameSchema()).post(url, json=body, headers=headers).status_code
        == status
    )
    assert view_calls == []


def test_lenient_endpoint_drops_unknown_attributes(
    open_probe: Callable[..., FlaskClient], view_calls: list[dict[str, Any]]
) -> None:
    api = open_probe(lenient=True, query=NameSchema(), body=NameSchema())
    api.post("/v1/probe/x?name=q&other=1", json={"name": "b", "other": 1}, headers=TOKEN)
    assert view_calls == [{"conversation_id": "x", "query": {"name": "q"}, "body": {"name": "b"}}]


@pytest.mark.parametrize("length", [10, 10_000])
def test_repeated_requests_are_read_alike(
    open_probe: Callable[..., FlaskClient], view_calls: list[dict[str, Any]], length: int
) -> None:
    """Cached requests are not mixed up: short and long, valid and invalid, as a form and as JSON."""
    api = open_probe(lenient=True, query=NameSchema(), body=NameSchema())
    padding = "x" * length
    for _ in range(2):
        for name in ("a", "b"):
            api.post(
                f"/v1/probe/x?name=q&other={padding}",
                data=f"name={name}&other={padding}",
                headers=TOKEN | FORM,
            )
            json_body = f'{{"name": "{name}", "other": "{padding}"}}'
            api.post("/v1/probe/x", data=json_body, headers=TOKEN | {"Content-Type": "application/json"})
            response = api.post("/v1/probe/x", data=f"name=!&other={padding}", headers=TOKEN | FORM)
            assert response.status_code == 400
    once = [
        {"conversation_id": "x", "query": query, "body": {"name": name}}
        for name in ("a", "b")
        for query in ({"name": "q"}, {})
    ]
    assert view_calls == once * 2


def test_invalid_query_is_reported_before_an_invalid_body(
    api: FlaskClient, assert_error_shape: Callable[..., str]
) -> None:
    assert_error_shape(
        api.post(f"{COLLECTION}?limit=1", data=b"{", content_type="application/json"), 400, "limit"
    )


def test_every_view_has_a_docstring() -> None:
    for endpoint in ENDPOINTS:
        assert (endpoint.view.__doc__ or "").strip().endswith(".")
