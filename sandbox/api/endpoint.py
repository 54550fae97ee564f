"""How an operation becomes a Flask view: authentication, arguments, the view, in this order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request
from marshmallow import Schema

from sandbox.api.auth import authenticated
from sandbox.api.reading import read_body, read_query
from sandbox.edge.call import Call
from sandbox.operations import Operation
from sandbox.schemas.arguments import NoArguments

View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation, the view that does it, what it takes, and how it may end.

    The view is called with the sandbox and, as far as the operation has them, ``conversation_id``, ``query`` and
    ``body``. What it has no schema for must be empty.
    """

    operation: Operation
    view: View
    success: int
    refusals: tuple[int, ...]
    query: Schema = field(default_factory=NoArguments)
    body: Schema = field(default_factory=NoArguments)


def register(app: Flask, endpoint: Endpoint, *, lenient: bool) -> None:
    """Route ``endpoint`` in ``app``."""
    has_query = bool(endpoint.query.fields)
    has_body = bool(endpoint.body.fields)

    def view(**arguments: Any) -> Response:
        call = Call.of(request.environ)
        sandbox = authenticated(call)
        query = read_query(endpoint.query, request.environ.get("QUERY_STRING", ""), lenient=lenient)
        body = read_body(endpoint.body, call.body, request.environ.get("CONTENT_TYPE", ""), lenient=lenient)
        if has_query:
            arguments["query"] = query
        if has_body:
            arguments["body"] = body
        return endpoint.view(sandbox, **arguments)

    operation = endpoint.operation
    rule = operation.path.replace("{id}", "<conversation_id>")
    app.add_url_rule(rule, operation.id, view, methods=[operation.method], provide_automatic_options=False)
