"""How a call becomes a view: whose sandbox it meets, what it is given, what it answers."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from marshmallow import Schema

from sandbox.api.answers import Answer
from sandbox.api.application import Application
from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope, register
from sandbox.schemas.fields import Flag, WholeNumber
from sandbox.settings import Settings
from sandbox.world.conversation import Conversation
from sandbox.world.fleet import Fleet, SandboxSlot
from sandbox.world.sandbox import Bounds, Sandbox, SandboxState
from sandbox.world.table import Table

Check = Callable[..., str]
BOUNDS = Bounds(conversations=10, snapshots=1, rules=1, journal_entries=1, journal_bytes=1000)


class Number(Schema):
    number = WholeNumber(0, 9, required=True)


class Switch(Schema):
    on = Flag(load_default=False)


def encode(conversation: Conversation) -> bytes:
    return repr(conversation).encode()


class Harness:
    """An application with calls of the test's own."""

    def __init__(self) -> None:
        self.fleet = Fleet(
            lambda token: Sandbox(SandboxState(Table(), seed=1), lambda: 5.0, encode, BOUNDS, token),
            lambda: 0.0,
            capacity=2,
            idle_seconds=0,
        )
        self.context = cast(
            "ControlContext", SimpleNamespace(fleet=self.fleet, settings=Settings(max_body_bytes=50))
        )
        self.app = Application(__name__)

    def client(
        self, view: Callable[..., Any], scope: Scope, method: str = "GET", path: str = "/x", **more: Any
    ) -> FlaskClient:
        register(self.app, Endpoint("x", method, path, view, scope, **more), self.context)
        return self.app.test_client()


@pytest.fixture
def bench() -> Harness:
    return Harness()


ME = {"Authorization": "Bearer me"}


def test_a_call_of_the_sandbox_meets_that_of_the_token_while_it_is_in_use(bench: Harness) -> None:
    def view(context: ControlContext, slot: SandboxSlot) -> dict[str, Any]:
        assert context is bench.context
        return {"token": slot.token, "in_flight": slot.in_flight}

    client = bench.client(view, Scope.SANDBOX)
    assert client.get("/x", headers=ME).get_json() == {"token": "me", "in_flight": 1}
    (slot,) = bench.fleet
    assert slot.in_flight == 0


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic abc", "me"])
def test_a_call_of_the_sandbox_needs_a_token(
    bench: Harness, assert_error_shape: Check, authorization: str
) -> None:
    client = bench.client(lambda _context, _slot: {}, Scope.SANDBOX)
    answer = client.get("/x", headers={"Authorization": authorization})
    assert_error_shape(answer, 400, "Authorization: Bearer {token}")
    assert len(bench.fleet) == 0


def test_a_call_of_either_meets_a_sandbox_or_none(bench: Harness) -> None:
    client = bench.client(lambda _context, slot: {"somebody": slot is not None}, Scope.EITHER)
    assert client.get("/x", headers=ME).get_json() == {"somebody": True}
    assert client.get("/x").get_json() == {"somebody": False}


def test_a_call_of_the_server_meets_no_sandbox_and_makes_none(bench: Harness) -> None:
    client = bench.client(lambda context: {"here": len(context.fleet)}, Scope.SERVER)
    assert client.get("/x", headers=ME).get_json() == {"here": 0}


def test_a_view_is_given_its_path_query_and_body_by_name(bench: Harness) -> None:
    def view(
        _context: ControlContext, name: str, query: dict[str, Any], body: dict[str, Any]
    ) -> dict[str, Any]:
        return {"name": name, "query": query, "body": body}

    client = bench.client(view, Scope.SERVER, "PUT", "/x/{name}", query=Switch(), body=Number())
    answer = client.put("/x/a?on=1&__own=x", json={"number": 5})
    assert answer.get_json() == {"name": "a", "query": {"on": True}, "body": {"number": 5}}


@pytest.mark.parametrize(
    ("query", "body", "said"),
    [
        ("", {}, ["number is missing; it must be an integer from 0 to 9"]),
        ("", {"number": 10}, ["number must be an integer from 0 to 9, not 10"]),
        ("", {"nummer": 1}, ["number is missing", "nummer is not an attribute of this body", "mean number?"]),
        ("?on=yes", {"number": 1}, ["on must be true or false"]),
        ("?onn=1", {"number": 1}, ["onn is not an attribute of this query", "did you mean on?"]),
    ],
)
def test_a_mistake_is_named_before_the_view_sees_the_call(
    bench: Harness, assert_error_shape: Check, query: str, body: dict[str, Any], said: list[str]
) -> None:
    seen: list[Any] = []
    client = bench.client(
        lambda *_a, **_k: seen.append(1), Scope.SANDBOX, "POST", query=Switch(), body=Number()
    )
    assert_error_shape(client.post(f"/x{query}", headers=ME, json=body), 400, *said)
    assert seen == []
    assert len(bench.fleet) == 0


def test_bodies_are_bounded_each_by_its_own_bound(bench: Harness, assert_error_shape: Check) -> None:
    small = bench.client(lambda _context: {}, Scope.SERVER, "POST", "/small")
    register(
        bench.app,
        Endpoint(
            "large", "POST", "/large", lambda _context: {}, Scope.SERVER, max_body_bytes=lambda _settings: 100
        ),
        bench.context,
    )
    for path, most in (("/small", 50), ("/large", 100)):
        for size, status in ((most, 200), (most + 1, 413)):
            body = b"{}".ljust(size)
            answer = small.post(path, data=body, content_type="application/json")
            assert answer.status_code == status
        assert_error_shape(answer, 413, str(most))


def test_a_read_and_a_delete_need_no_type_and_their_body_is_not_read(bench: Harness) -> None:
    client = bench.client(lambda _context: None, Scope.SERVER, "DELETE")
    assert client.delete("/x", data=b"[" * 1000, content_type="text/plain").status_code == 204


def test_a_view_answers_what_json_can_say_nothing_or_a_response(bench: Harness) -> None:
    client = bench.client(lambda _context: {"b": 1, "a": None}, Scope.SERVER, path="/json", success=201)
    said = client.get("/json")
    assert (said.status_code, said.content_type, said.data) == (
        201,
        "application/json",
        b'{"b": 1, "a": null}\n',
    )
    other = Harness()
    nothing = other.client(lambda _context: None, Scope.SERVER).get("/x")
    assert (nothing.status_code, nothing.data) == (204, b"")
    assert "Content-Type" not in nothing.headers
    third = Harness()
    own = third.client(lambda _context: Answer("418 I'm a teapot", [], b"own"), Scope.SERVER).get("/x")
    assert (own.status_code, own.data) == (418, b"own")


def test_a_view_that_fails_answers_in_the_one_shape_and_leaves_the_sandbox(
    bench: Harness, assert_error_shape: Check
) -> None:
    def view(_context: ControlContext, _slot: SandboxSlot) -> None:
        raise RuntimeError("something secret")

    message = assert_error_shape(bench.client(view, Scope.SANDBOX).get("/x", headers=ME), 500)
    assert "secret" not in message
    (slot,) = bench.fleet
    assert slot.in_flight == 0


def test_a_full_fleet_refuses_the_call(bench: Harness, assert_error_shape: Check) -> None:
    client = bench.client(lambda _context, _slot: {}, Scope.EITHER)
    for token, status in (("a", 200), ("b", 200), ("c", 503)):
        answer = client.get("/x", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    assert_error_shape(answer, 503, "--max-sandboxes")
    assert client.get("/x").status_code == 200
