"""Flask without what this server never uses: no sessions, no second look at a path that was matched already.

Only extension points that Flask documents are used; ``benchmarks/`` shows what they save.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.datastructures import Headers
from werkzeug.routing import MapAdapter, Rule

from sandbox.edge.call import Call
from sandbox.operations import COLLECTION, OPERATIONS


class NoSessions(SessionInterface):
    """The API has no cookies, so there is nothing to open and nothing to save."""

    def __init__(self) -> None:
        self._session = NullSession()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        """The one empty session of everybody."""
        return self._session

    def is_null_session(self, obj: object) -> bool:
        """Always: so that nothing is saved."""
        return True

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save nothing."""


class Matched(MapAdapter):
    """The route of a call whose operation the edge has found already."""

    def __init__(self, rule: Rule, arguments: dict[str, str]) -> None:
        self._matched = (rule, arguments)

    def match(self, *_args: Any, **_kwargs: Any) -> Any:
        """The rule and its arguments."""
        return self._matched


class Answer(Response):
    """A response whose headers are complete when it is made: nothing is looked at again when it is sent."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """The headers as they are."""
        return self.headers


class Application(Flask):
    """The server's Flask application."""

    session_interface = NoSessions()

    def __init__(self, name: str) -> None:
        # No static files: every path answers in the documented shape.
        super().__init__(name, static_folder=None)
        self.url_map.merge_slashes = False
        self._rules: dict[str, Rule] = {}

    def route_operations(self) -> None:
        """Remember the rules of the operations, once they are routed."""
        ids = {operation.id for operation in OPERATIONS}
        self._rules = {rule.endpoint: rule for rule in self.url_map.iter_rules() if rule.endpoint in ids}

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """The route that the edge found, or Flask's own way of finding one."""
        call = None if request is None else Call.find(request.environ)
        if call is None or call.operation is None or request is None:
            return super().create_url_adapter(request)
        identified = call.operation.path != COLLECTION
        arguments = {"conversation_id": request.path.rpartition("/")[2]} if identified else {}
        return Matched(self._rules[call.operation.id], arguments)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` itself: no view of this server is asynchronous."""
        return func
