"""The server's Flask application."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from sandbox.api.answers import Answer
from sandbox.api.errors import answer_to
from sandbox.edge.call import Call
from sandbox.operations import COLLECTION, Operation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Run = Callable[["WSGIEnvironment", dict[str, Any]], Answer]
"""Does an operation: takes the WSGI environment and the parameters of the path."""


class WholeResponse(Response):
    """A response to which nothing is added: no type for what has none."""

    default_mimetype = None


class Application(Flask):
    """Flask, with a short way for the documented operations.

    The edge has matched them already, and they take what they need as arguments. So they are called without Flask's
    contexts, signals, sessions and second routing, which cost more than half of such a call (see ``benchmarks/``).
    Everything else, 404 and 405 and the control API among it, goes Flask's usual way.
    """

    def __init__(self, name: str) -> None:
        # No static files: every path answers in the documented shape.
        super().__init__(name, static_folder=None)
        self.url_map.merge_slashes = False
        self._operations: dict[str, Run] = {}
        self.register_error_handler(Exception, lambda error: answer_to(error, request.environ))

    def add_operation(self, operation: Operation, run: Run) -> None:
        """Route ``operation``: the short way where the edge matched it, and Flask's usual way."""

        def view(**arguments: Any) -> Answer:
            return run(request.environ, arguments)

        rule = operation.path.replace("{id}", "<conversation_id>")
        methods = [operation.method]
        self.add_url_rule(rule, operation.id, view, methods=methods, provide_automatic_options=False)
        self._operations[operation.id] = run

    def make_response(self, rv: Any) -> Response:
        """What a view answers, on Flask's usual way."""
        if isinstance(rv, Answer):
            return WholeResponse(rv.body, rv.status, rv.headers)
        return super().make_response(rv)

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The application without the edge around it."""
        call = Call.find(environ)
        if call is None or call.operation is None:
            return super().wsgi_app(environ, start_response)
        try:
            answer = self._operations[call.operation.id](environ, _arguments(call.operation, environ))
        except Exception as error:  # noqa: BLE001  # the one exit of everything that goes wrong
            answer = answer_to(error, environ)
        return answer(environ, start_response)


def _arguments(operation: Operation, environ: "WSGIEnvironment") -> dict[str, Any]:
    if operation.path == COLLECTION:
        return {}
    conversation_id: str = environ["PATH_INFO"].rpartition("/")[2]
    if not conversation_id.isascii():
        # WSGI hands on the bytes of a path as if they were Latin-1.
        conversation_id = conversation_id.encode("latin-1").decode(errors="replace")
    return {"conversation_id": conversation_id}
