"""How a call of the control API becomes a Flask view: whose sandbox, the arguments, the view."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from flask import Flask, request
from marshmallow import Schema

from sandbox import problems
from sandbox.api.answers import Answer, json_answer, nothing
from sandbox.api.reading import read_body, read_query
from sandbox.control.context import ControlContext
from sandbox.edge import body as request_body
from sandbox.edge.token import bearer_token
from sandbox.schemas.arguments import NoArguments
from sandbox.settings import Settings
from sandbox.world.fleet import SandboxSlot


class Scope(Enum):
    """What a call acts on."""

    SANDBOX = "The sandbox of the bearer token, which must be given."
    EITHER = "The sandbox of the bearer token, or, where none is given, the server as a whole."
    SERVER = "The server as a whole, whatever the bearer token."


_WRITES = ("POST", "PUT")


def _usual(settings: Settings) -> int:
    return settings.max_body_bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A call of the control API.

    ``view`` gets the context, then (unless the scope is the server) the slot of the caller's sandbox or None, and, by
    name, the path's parameters, ``query`` and ``body`` as far as the call has them. It answers what JSON can say, a
    Answer of its own, or None for 204. ``example`` shows the answer in OpenAPI, ``shape`` is its JSON Schema where
    the example does not tell enough. ``also`` is another status that it may succeed with.
    """

    id: str
    method: str
    path: str
    view: Callable[..., Any]
    scope: Scope
    success: int = 200
    refusals: tuple[int, ...] = ()
    query: Schema = field(default_factory=NoArguments)
    body: Schema = field(default_factory=NoArguments)
    max_body_bytes: Callable[[Settings], int] = _usual
    example: Any = None
    shape: Mapping[str, Any] | None = None
    also: int | None = None


def register(app: Flask, endpoint: Endpoint, context: ControlContext) -> None:
    """Route ``endpoint`` in ``app``."""

    def view(**arguments: Any) -> Answer:
        query = read_query(endpoint.query, request.environ.get("QUERY_STRING", ""), lenient=False)
        if endpoint.query.fields:
            arguments["query"] = query
        if endpoint.method in _WRITES:
            body = _json_body(endpoint.body, endpoint.max_body_bytes(context.settings))
            if endpoint.body.fields:
                arguments["body"] = body
        if endpoint.scope is Scope.SERVER:
            return _answer(endpoint.view(context, **arguments), endpoint.success)
        with _slot(context, required=endpoint.scope is Scope.SANDBOX) as slot:
            return _answer(endpoint.view(context, slot, **arguments), endpoint.success)

    rule = endpoint.path.replace("{", "<").replace("}", ">")
    app.add_url_rule(
        rule, f"control.{endpoint.id}", view, methods=[endpoint.method], provide_automatic_options=False
    )


@contextmanager
def _slot(context: ControlContext, *, required: bool) -> Iterator[SandboxSlot | None]:
    token = bearer_token(request.environ)
    if token is None:
        if required:
            raise problems.invalid(
                "This call acts on the sandbox of a token: send the header 'Authorization: Bearer {token}'."
            )
        yield None
        return
    slot = context.fleet.enter(token)
    try:
        yield slot
    finally:
        context.fleet.leave(slot)


def _json_body(schema: Schema, max_bytes: int) -> Any:
    """What ``schema`` makes of the body. A page of another site cannot send this type without a preflight."""
    if request.mimetype != problems.JSON_TYPE:
        raise problems.wants_json(request.headers.get("Content-Type", ""))
    body = request_body.read_body(request.environ, max_bytes)
    return read_body(schema, body, problems.JSON_TYPE, lenient=False)


def _answer(said: Any, status: int) -> Answer:
    if isinstance(said, Answer):
        return said
    if said is None:
        return nothing()
    return json_answer(json.dumps(said).encode() + b"\n", status)
