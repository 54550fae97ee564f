"""Endpoints of the control API: scope, arguments and return values of their views."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema

from sandbox.api.application import Application
from sandbox.control.context import ControlContext
from sandbox.control.endpoint import register, register_all
from sandbox.engines.memory import MemoryEngine
from sandbox.operations import Operation
from sandbox.schemas.fields import Flag, WholeNumber
from sandbox.settings import Settings
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.web.response import Response
from sandbox.world.conversation import Conversation
from sandbox.world.fleet import LocalFleet
from sandbox.world.interface import Lease
from sandbox.world.offload import run_here
from sandbox.world.pause import no_pause
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table

Check = Callable[..., str]
BOUNDS = Bounds(conversations=10, snapshots=1, rules=1, journal_entries=1, journal_bytes=1000)


class NumberSchema(Schema):
    number = WholeNumber(0, 9, required=True)


class SwitchSchema(Schema):
    on = Flag(load_default=False)


def encode(conversation: Conversation) -> bytes:
    return repr(conversation).encode()


class Harness:
    """An application with endpoints of the test."""

    def __init__(self) -> None:
        self.fleet = LocalFleet(
            MemoryEngine(
                lambda token: Sandbox(
                    SandboxState(Table(), seed=1), Runtime(lambda: 5.0, encode, BOUNDS), token
                )
            ),
            lambda: 0.0,
            capacity=2,
            idle_seconds=0,
        )
        self.context = cast(
            "ControlContext",
            SimpleNamespace(
                fleet=self.fleet,
                settings=Settings(max_body_bytes=50, max_state_bytes=100),
                pause=no_pause,
                offload=run_here,
            ),
        )
        self.app = Application(__name__)

    def client(
        self, view: Callable[..., Any], scope: Scope, method: str = "GET", path: str = "/x", **more: Any
    ) -> FlaskClient:
        endpoint = Endpoint(Operation("x", method, path), view, scope, **more)
        register(self.app, endpoint, self.context)
        return self.app.test_client()


@pytest.fixture
def harness() -> Harness:
    return Harness()


ME = {"Authorization": "Bearer me"}


def test_sandbox_scope_leases_the_sandbox_of_the_token(harness: Harness) -> None:
    def view(context: ControlContext, lease: Lease) -> dict[str, Any]:
        assert context is harness.context
        return {"token": lease.slot.token, "in_flight": lease.slot.in_flight}

    client = harness.client(view, Scope.SANDBOX)
    assert client.get("/x", headers=ME).get_json() == {"token": "me", "in_flight": 1}
    (slot,) = harness.fleet
    assert slot.in_flight == 0


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic abc", "me"])
def test_sandbox_scope_requires_a_token(
    harness: Harness, assert_error_shape: Check, authorization: str
) -> None:
    client = harness.client(lambda _context, _slot: {}, Scope.SANDBOX)
    response = client.get("/x", headers={"Authorization": authorization})
    assert_error_shape(response, 400, "Authorization: Bearer {token}")
    assert len(harness.fleet) == 0


def test_either_scope_does_not_require_a_token(harness: Harness) -> None:
    client = harness.client(lambda _context, slot: {"has_sandbox": slot is not None}, Scope.EITHER)
    assert client.get("/x", headers=ME).get_json() == {"has_sandbox": True}
    assert client.get("/x").get_json() == {"has_sandbox": False}


def test_server_scope_creates_no_sandbox(harness: Harness) -> None:
    client = harness.client(lambda context: {"sandboxes": len(context.fleet)}, Scope.SERVER)
    assert client.get("/x", headers=ME).get_json() == {"sandboxes": 0}


def test_view_gets_path_query_and_body_by_name(harness: Harness) -> None:
    def view(
        _context: ControlContext, name: str, query: dict[str, Any], body: dict[str, Any]
    ) -> dict[str, Any]:
        return {"name": name, "query": query, "body": body}

    client = harness.client(view, Scope.SERVER, "PUT", "/x/{name}", query=SwitchSchema(), body=NumberSchema())
    response = client.put("/x/a?on=1&__own=x", json={"number": 5})
    assert response.get_json() == {"name": "a", "query": {"on": True}, "body": {"number": 5}}


@pytest.mark.parametrize(
    ("query", "body", "fragments"),
    [
        ("", {}, ["number is missing; it must be an integer from 0 to 9"]),
        ("", {"number": 10}, ["number must be an integer from 0 to 9, not 10"]),
        ("", {"nummer": 1}, ["number is missing", "nummer is not an attribute of this body", "mean number?"]),
        ("?on=yes", {"number": 1}, ["on must be true or false"]),
        ("?onn=1", {"number": 1}, ["onn is not an attribute of this query", "did you mean on?"]),
    ],
)
def test_invalid_arguments_are_refused_before_the_view_is_called(
    harness: Harness, assert_error_shape: Check, query: str, body: dict[str, Any], fragments: list[str]
) -> None:
    view_calls: list[Any] = []
    client = harness.client(
        lambda *_a, **_k: view_calls.append(1),
        Scope.SANDBOX,
        "POST",
        query=SwitchSchema(),
        body=NumberSchema(),
    )
    assert_error_shape(client.post(f"/x{query}", headers=ME, json=body), 400, *fragments)
    assert view_calls == []
    assert len(harness.fleet) == 0


def test_maximum_size_of_a_body_depends_on_the_endpoint(harness: Harness, assert_error_shape: Check) -> None:
    small = harness.client(lambda _context: {}, Scope.SERVER, "POST", "/small")
    register(
        harness.app,
        Endpoint(
            Operation("large", "POST", "/large"),
            lambda _context: {},
            Scope.SERVER,
            body_limit="max_state_bytes",
        ),
        harness.context,
    )
    for path, limit in (("/small", 50), ("/large", 100)):
        for size, status in ((limit, 200), (limit + 1, 413)):
            body = b"{}".ljust(size)
            response = small.post(path, data=body, content_type="application/json")
            assert response.status_code == status
        assert_error_shape(response, 413, str(limit))


def test_body_of_a_delete_is_not_read(harness: Harness) -> None:
    client = harness.client(lambda _context: None, Scope.SERVER, "DELETE")
    assert client.delete("/x", data=b"[" * 1000, content_type="text/plain").status_code == 204


def test_view_may_return_json_none_or_a_response(harness: Harness) -> None:
    client = harness.client(lambda _context: {"b": 1, "a": None}, Scope.SERVER, path="/json", statuses=(201,))
    as_json = client.get("/json")
    assert (as_json.status_code, as_json.content_type, as_json.data) == (
        201,
        "application/json",
        b'{"b": 1, "a": null}\n',
    )
    other = Harness()
    nothing = other.client(lambda _context: None, Scope.SERVER).get("/x")
    assert (nothing.status_code, nothing.data) == (204, b"")
    assert "Content-Type" not in nothing.headers
    third = Harness()
    own = third.client(lambda _context: Response("418 I'm a teapot", [], b"own"), Scope.SERVER).get("/x")
    assert (own.status_code, own.data) == (418, b"own")


def test_failing_view_leads_to_a_500_and_releases_the_sandbox(
    harness: Harness, assert_error_shape: Check
) -> None:
    def view(_context: ControlContext, _lease: Lease) -> None:
        raise RuntimeError("something secret")

    message = assert_error_shape(harness.client(view, Scope.SANDBOX).get("/x", headers=ME), 500)
    assert "secret" not in message
    (slot,) = harness.fleet
    assert slot.in_flight == 0


def test_full_fleet_refuses_a_new_token(harness: Harness, assert_error_shape: Check) -> None:
    client = harness.client(lambda _context, _slot: {}, Scope.EITHER)
    for token, status in (("a", 200), ("b", 200), ("c", 503)):
        response = client.get("/x", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == status
    assert_error_shape(response, 503, "--max-sandboxes")
    assert client.get("/x").status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "put", "OPTIONS"])
def test_path_without_parameters_has_its_own_methods_only(shared_app: Flask, method: str) -> None:
    response = shared_app.test_client().open("/__admin/faults/order", method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "PUT")


@pytest.mark.parametrize("word", ["orders", "order-1", "Order", "xorder", "rule-1"])
def test_other_words_are_parameters(shared_app: Flask, assert_error_shape: Check, word: str) -> None:
    response = shared_app.test_client().get(f"/__admin/faults/{word}")
    assert_error_shape(response, 404, f'no fault rule with the id "{word}"')


def test_reserved_word_is_no_parameter(harness: Harness) -> None:
    def view(_context: ControlContext, word: str) -> dict[str, str]:
        return {"word": word}

    endpoints = (
        Endpoint(Operation("one", "GET", "/x/{word}"), view, Scope.SERVER),
        Endpoint(Operation("fixed", "DELETE", "/x/a.b"), lambda _context: None, Scope.SERVER, (204,)),
    )
    register_all(harness.app, endpoints, harness.context)
    client = harness.app.test_client()
    assert client.get("/x/a-b").get_json() == {"word": "a-b"}
    assert client.get("/x/a.b").status_code == 405
    assert client.delete("/x/a.b").status_code == 204
