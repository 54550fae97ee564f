"""How an operation becomes a Flask view: authentication, arguments, the view, in this order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from marshmallow import Schema

from sandbox.api.answers import Answer
from sandbox.api.application import Application
from sandbox.api.auth import authenticated
from sandbox.api.reading import read_body, read_query
from sandbox.edge.call import Call
from sandbox.operations import Operation
from sandbox.schemas.arguments import NoArguments

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_CACHED = 1024
"""So many different queries and bodies of an operation are read once and then remembered: clients repeat themselves."""
MAX_CACHED_LENGTH = 512
"""Longer ones are read each time, so that what is remembered has a bound."""

View = Callable[..., Answer]


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


def register(app: Application, endpoint: Endpoint, *, lenient: bool) -> None:
    """Route ``endpoint`` in ``app``."""
    takes_query = bool(endpoint.query.fields)
    takes_body = bool(endpoint.body.fields)

    @_remembering
    def query_of(text: str) -> Any:
        return read_query(endpoint.query, text, lenient=lenient)

    @_remembering
    def body_of(body: bytes, content_type: str) -> Any:
        return read_body(endpoint.body, body, content_type, lenient=lenient)

    def run(environ: "WSGIEnvironment", arguments: dict[str, Any]) -> Answer:
        call = Call.of(environ)
        sandbox = authenticated(call)
        # What nothing is taken from is read all the same, if there is something: it was meant for something.
        text = environ.get("QUERY_STRING", "")
        if takes_query or text:
            query = query_of(text)
            if takes_query:
                arguments["query"] = query
        if takes_body or call.body:
            body = body_of(call.body, environ.get("CONTENT_TYPE", ""))
            if takes_body:
                arguments["body"] = body
        return endpoint.view(sandbox, **arguments)

    app.add_operation(endpoint.operation, run)


def _remembering(read: Callable[..., Any]) -> Callable[..., Any]:
    """``read``, which is not asked again for what it read lately. What it answers must never be changed."""
    known = lru_cache(maxsize=MAX_CACHED)(read)

    def reading(*texts: str | bytes) -> Any:
        return known(*texts) if sum(map(len, texts)) <= MAX_CACHED_LENGTH else read(*texts)

    return reading
