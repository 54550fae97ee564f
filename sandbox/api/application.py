"""The Flask application of the server."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import flask
from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from sandbox import problems
from sandbox.edge.call import Call
from sandbox.operations import COLLECTION, Operation
from sandbox.web.errors import error_response
from sandbox.web.response import Response, StreamedResponse, problem_response
from sandbox.web.text import is_utf8, text_of
from sandbox.web.url_rule import UrlRule

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Run = Callable[[Call, dict[str, Any]], Response]
"""Performs an operation for a call and the parameters of its path."""


class FlaskResponse(flask.Response):
    """A Flask response to which nothing is added: no type for a response that has none."""

    default_mimetype = None


class Application(Flask):
    """Flask, with a shortcut for the documented operations.

    The edge has matched them already, and they take what they need as arguments. So they are called without Flask's
    contexts, signals, sessions and second routing, which cost more than half of such a call (see ``benchmarks/``).
    Everything else, such as 404, 405 and the control API, takes Flask's usual way.
    """

    url_rule_class = UrlRule

    def __init__(self, name: str) -> None:
        # No static files: every path is answered in the documented shape.
        super().__init__(name, static_folder=None)
        self.url_map.merge_slashes = False
        self._operations: dict[str, Run] = {}
        self.register_error_handler(
            Exception, lambda error: error_response(error, flask.request.method, flask.request.path)
        )

    def add_operation(self, operation: Operation, run: Run) -> None:
        """Route ``operation``, by the shortcut and Flask's usual way."""

        def view(**parameters: Any) -> Response:
            return run(Call.of(flask.request.environ), parameters)

        rule = operation.path.replace("{id}", "<conversation_id>")
        methods = [operation.method]
        self.add_url_rule(rule, operation.id, view, methods=methods, provide_automatic_options=False)
        self._operations[operation.id] = run

    def make_response(self, rv: Any) -> flask.Response:
        """Convert what a view returns, on Flask's usual way."""
        if isinstance(rv, Response):
            return FlaskResponse(rv.body, rv.status, rv.headers)
        if isinstance(rv, StreamedResponse):
            return FlaskResponse(rv.pieces, rv.status, rv.headers)
        return super().make_response(rv)

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, without the edge around it."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if not path.isascii() and not is_utf8(path):
            problem = problems.invalid("A percent-encoded path must be UTF-8.")
            return problem_response(problem)(environ, start_response)
        if method != method.upper():
            # Flask folds the case of methods. In HTTP, a method in another case is another method.
            path = text_of(path)
            return error_response(self._unknown_method(path), method, path)(environ, start_response)
        call = Call.find(environ)
        if call is None or call.operation is None:
            return super().wsgi_app(environ, start_response)
        try:
            response = self._operations[call.operation.id](call, _parameters(call))
        except Exception as error:  # noqa: BLE001  # the single exit for every error
            response = error_response(error, call.method, call.path)
        return response(environ, start_response)

    def _unknown_method(self, path: str) -> HTTPException:
        allowed = self.url_map.bind("localhost").allowed_methods(path)
        return MethodNotAllowed(allowed) if allowed else NotFound()


def _parameters(call: Call) -> dict[str, Any]:
    if call.path == COLLECTION:
        return {}
    return {"conversation_id": call.path.rpartition("/")[2]}
