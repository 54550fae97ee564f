"""Routing a call of the control API: whose world, the arguments, the view."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import flask
from flask import Flask
from werkzeug.routing import Map, UnicodeConverter

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.schemas.arguments import NoArguments
from sandbox.settings import flag_of
from sandbox.web.arguments import ArgumentReader
from sandbox.web.body import read_body
from sandbox.web.body_limit import BodyLimit
from sandbox.web.body_stream import BodyStream
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.web.request import Request, environ_key
from sandbox.web.response import Response, StreamedResponse, json_response, no_content
from sandbox.web.world_name import world_name
from sandbox.world.interface import Lease

SANDBOX_HEADER = "X-Sandbox-Id"
"""The header that names a sandbox by its id, as the list of sandboxes has it."""

_SANDBOX_KEY = environ_key(SANDBOX_HEADER)

_WRITES = ("POST", "PUT")


class _Segment(UnicodeConverter):
    """A segment of a path that is none of ``words``: these belong to paths of their own."""

    def __init__(self, url_map: Map, *words: str) -> None:
        super().__init__(url_map)
        self.regex = rf"(?!(?:{'|'.join(map(re.escape, words))})\Z)[^/]+"


def register_all(app: Flask, endpoints: Sequence[Endpoint], context: ControlContext) -> None:
    """Route ``endpoints`` in ``app``. A path without parameters has its own methods only.

    Without that, ``GET /faults/order`` would be a call of ``/faults/{rule_id}``, and ``Allow`` would name the methods
    of both paths.
    """
    for endpoint in endpoints:
        register(app, endpoint, context, _words_beside(endpoint.operation.path, endpoints))


def _words_beside(path: str, endpoints: Iterable[Endpoint]) -> Sequence[str]:
    """Return the words that stand in paths without parameters where ``path`` ends with one."""
    folder, _, last = path.rpartition("/")
    if not last.startswith("{"):
        return ()
    others = {tuple(endpoint.operation.path.rsplit("/", 1)) for endpoint in endpoints}
    return sorted(word for other, word in others if other == folder and not word.startswith("{"))


def register(app: Flask, endpoint: Endpoint, context: ControlContext, reserved: Sequence[str] = ()) -> None:
    """Route ``endpoint`` in ``app``. The last parameter of its path is none of the ``reserved`` words.

    Its view is called with the context, then (unless the scope is the server) the lease of the caller's world or None,
    and the arguments. It returns JSON values, a Response of its own (Flask's, if it is streamed), or None for 204.
    """
    reader = ArgumentReader(endpoint.query, NoArguments() if endpoint.streams_body else endpoint.body)
    limit = BodyLimit(getattr(context.settings, endpoint.body_limit), flag_of(endpoint.body_limit))
    operation = endpoint.operation

    def view(**parameters: Any) -> Response | StreamedResponse | flask.Response:
        request = Request(flask.request.environ)
        if operation.method in _WRITES:
            _check_type(request)
            if not endpoint.streams_body:
                request.body = read_body(request.environ, limit, context.pause)
                request.prepare_body(context.pause, context.offload)
        arguments = parameters | reader.read(request)
        if endpoint.streams_body:
            arguments["body"] = BodyStream(request.environ, limit, context.pause)
        if endpoint.scope is Scope.SERVER:
            return _response(endpoint.view(context, **arguments), endpoint.statuses[0])
        with _lease(context, request, required=endpoint.scope is Scope.SANDBOX) as lease:
            return _response(endpoint.view(context, lease, **arguments), endpoint.statuses[0])

    rule = operation.path.replace("{", "<").replace("}", ">")
    if reserved:
        app.url_map.converters["segment"] = _Segment
        folder, _, parameter = rule.rpartition("<")
        rule = f"{folder}<segment({', '.join(map(repr, reserved))}):{parameter}"
    app.add_url_rule(
        rule, f"control.{operation.id}", view, methods=[operation.method], provide_automatic_options=False
    )


@contextmanager
def _lease(context: ControlContext, request: Request, *, required: bool) -> Iterator[Lease | None]:
    world = _world(context, request)
    if world is not None:
        with world as lease:
            yield lease
    elif required:
        raise problems.invalid(
            "This call acts on a sandbox: send the header 'Authorization: Bearer {token}' or "
            "'X-Sandbox-World: {world}', or put /t/{world} before the path."
        )
    else:
        yield None


def _world(context: ControlContext, request: Request) -> AbstractContextManager[Lease] | None:
    """Return the use of the world that the call is about, or None.

    A list of sandboxes has masked tokens, so what shows it names one of them by its id. The cookie names no world
    here: a browser sends it along with the calls of any page.
    """
    key = world_name(request.environ, with_cookie=False) or request.token
    sandbox_id = request.environ.get(_SANDBOX_KEY)
    if sandbox_id is None:
        return None if key is None else context.fleet.using(key)
    if key is not None:
        raise problems.invalid(
            f"{SANDBOX_HEADER} and Authorization or a name of a world both say which sandbox is meant; send one."
        )
    return context.fleet.using_id(sandbox_id)


def _check_type(request: Request) -> None:
    """Check that the body is JSON: a page of another site cannot send that type without a preflight."""
    if flask.request.mimetype != problems.JSON_TYPE:
        raise problems.wants_json(request.content_type)


def _response(result: Any, status: int) -> Response | StreamedResponse | flask.Response:
    if isinstance(result, Response | StreamedResponse | flask.Response):
        return result
    if result is None:
        return no_content()
    return json_response(json.dumps(result).encode() + b"\n", status)
