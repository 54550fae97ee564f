"""How an operation becomes a view: authentication first, then the arguments, then the view."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema

from sandbox.api.answers import Answer, json_answer
from sandbox.api.application import Application
from sandbox.api.conversations import ENDPOINTS
from sandbox.api.endpoint import Endpoint, register
from sandbox.operations import Operation
from sandbox.schemas.fields import Id

COLLECTION = "/v1/conversations"


class Named(Schema):
    name = Id()


@pytest.fixture
def seen() -> list[dict[str, Any]]:
    """With what the view was called."""
    return []


@pytest.fixture
def client(open_app: Callable[..., Flask], seen: list[dict[str, Any]]) -> Callable[..., FlaskClient]:
    """A client of an application that has one more endpoint, at ``/v1/probe/{id}``."""

    def view(sandbox: object, **arguments: Any) -> Answer:
        """Note the arguments."""
        assert sandbox is not None
        seen.append(arguments)
        return json_answer(b"{}")

    def opened(*, lenient: bool = False, **schemas: Schema) -> FlaskClient:
        app = cast("Application", open_app())
        probe = Endpoint(
            Operation("probe", "POST", "/v1/probe/{id}"), view, success=200, refusals=(), **schemas
        )
        register(app, probe, lenient=lenient)
        return app.test_client()

    return opened


TOKEN = {"Authorization": "Bearer me"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_view_gets_what_its_operation_has(
    client: Callable[..., FlaskClient], seen: list[dict[str, Any]]
) -> None:
    client().post("/v1/probe/x", headers=TOKEN)
    client(query=Named()).post("/v1/probe/x?name=q", headers=TOKEN)
    client(body=Named()).post("/v1/probe/x", json={"name": "b"}, headers=TOKEN)
    client(query=Named(), body=Named()).post("/v1/probe/x?name=q", json={"name": "b"}, headers=TOKEN)
    assert seen == [
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
def test_the_view_is_not_called_for_what_is_refused(
    client: Callable[..., FlaskClient],
    seen: list[dict[str, Any]],
    url: str,
    body: dict[str, str],
    headers: dict[str, str],
    status: int,
) -> None:
    assert client(query=Named(), body=Named()).post(url, json=body, headers=headers).status_code == status
    assert seen == []


def test_a_lenient_endpoint_drops_what_it_does_not_know(
    client: Callable[..., FlaskClient], seen: list[dict[str, Any]]
) -> None:
    api = client(lenient=True, query=Named(), body=Named())
    api.post("/v1/probe/x?name=q&other=1", json={"name": "b", "other": 1}, headers=TOKEN)
    assert seen == [{"conversation_id": "x", "query": {"name": "q"}, "body": {"name": "b"}}]


@pytest.mark.parametrize("length", [10, 10_000])
def test_what_is_sent_again_is_read_the_same_again(
    client: Callable[..., FlaskClient], seen: list[dict[str, Any]], length: int
) -> None:
    """Short or long, right or wrong, as a form or as JSON: what is remembered is never mixed up."""
    api = client(lenient=True, query=Named(), body=Named())
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
            answer = api.post("/v1/probe/x", data=f"name=!&other={padding}", headers=TOKEN | FORM)
            assert answer.status_code == 400
    once = [
        {"conversation_id": "x", "query": query, "body": {"name": name}}
        for name in ("a", "b")
        for query in ({"name": "q"}, {})
    ]
    assert seen == once * 2


def test_a_wrong_query_is_told_before_a_wrong_body(
    api: FlaskClient, assert_error_shape: Callable[..., str]
) -> None:
    assert_error_shape(
        api.post(f"{COLLECTION}?limit=1", data=b"{", content_type="application/json"), 400, "limit"
    )


def test_every_endpoint_says_in_words_what_it_does() -> None:
    for endpoint in ENDPOINTS:
        assert (endpoint.view.__doc__ or "").strip().endswith(".")
