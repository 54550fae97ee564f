"""The edge: the WSGI application around the Flask one.

    request id → CORS and preflight → sandbox of the token → body → faults → the API → journal

What stands here holds for every ``/v1`` answer, also for those that Flask never saw.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sandbox import operations, problems
from sandbox.edge.answer import Answer
from sandbox.edge.body import read_body
from sandbox.edge.call import Call
from sandbox.edge.cors import cors_headers, preflight_headers
from sandbox.edge.injection.injector import FaultInjector
from sandbox.edge.journal_entry import entry_of
from sandbox.edge.request_id import RequestIds
from sandbox.edge.token import bearer_token
from sandbox.problems import Problem
from sandbox.settings import Settings
from sandbox.web.world_errors import problem_of
from sandbox.world.errors import WorldError
from sandbox.world.fleet import Fleet, SandboxSlot

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL = "/__admin"

_CALLS = operations.PREFIX + "/"


class Edge:
    """Sends ``/__admin`` to ``control``, ``/v1`` through ``faulting`` and everything else to ``app``.

    ``anonymous`` is the slot of the calls that have no token: they are journalled there. ``monotonic`` answers
    seconds.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        faulting: FaultInjector,
        control: Callable[["WSGIEnvironment", Answer], Iterable[bytes]],
        fleet: Fleet,
        anonymous: SandboxSlot,
        request_ids: RequestIds,
        settings: Settings,
        monotonic: Callable[[], float],
    ) -> None:
        self._app = app
        self._faulting = faulting
        self._control = control
        self._fleet = fleet
        self._anonymous = anonymous
        self._request_ids = request_ids
        self._settings = settings
        self._monotonic = monotonic

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        method = environ["REQUEST_METHOD"]
        answer = Answer(start_response, self._request_ids.of(environ), sends_body=method != "HEAD")
        if path.startswith(CONTROL):
            # The control API is for its own page and for tools: no CORS for the pages of other sites.
            inner = self._control
        else:
            answer.add(cors_headers(environ))
            inner = self._call if path.startswith(_CALLS) else self._app
        if path[:1] != "/" or path[:2] == "//":
            # Routers forgive slashes; who may call what is decided here by the path, so here none are forgiven.
            return answer.refuse(problems.unknown_path(method, path))
        if environ.get("wsgi.multiprocess"):
            return answer.refuse(problems.one_process_only())
        return inner(environ, answer)

    def _call(self, environ: "WSGIEnvironment", answer: Answer) -> Iterable[bytes]:
        """One ``/v1`` call, from its token to the journal."""
        began = self._monotonic()
        method = environ["REQUEST_METHOD"]
        anonymous = self._anonymous.sandbox
        call = Call(operations.operation_of(method, environ["PATH_INFO"]), anonymous, anonymous)
        call.attach(environ)
        try:
            if method == "OPTIONS":
                return answer.empty(preflight_headers(environ))
            return self._in_sandbox(environ, call, answer)
        except Problem as problem:
            return answer.refuse(problem)
        except WorldError as error:
            return answer.refuse(problem_of(error))
        finally:
            self._write_down(environ, call, answer, self._monotonic() - began)
            if call.slot is not None:
                self._fleet.leave(call.slot)

    def _in_sandbox(self, environ: "WSGIEnvironment", call: Call, answer: Answer) -> Iterable[bytes]:
        token = bearer_token(environ)
        if token is not None:
            call.token = token
            call.slot = self._fleet.enter(token)
            call.sandbox = call.target = call.slot.sandbox
        call.body = read_body(environ, self._settings.max_body_bytes)
        if call.slot is not None:
            # A body may take its time to arrive, and a reset may have come before it.
            call.sandbox = call.target = call.slot.sandbox
        return self._faulting(environ, call, answer)

    def _write_down(self, environ: "WSGIEnvironment", call: Call, answer: Answer, duration: float) -> None:
        entry = entry_of(
            environ,
            request_id=answer.request_id,
            call=call,
            max_body_bytes=self._settings.journal_body_bytes,
            status=answer.status,
            at=call.sandbox.clock.time(),
            duration=duration,
        )
        call.sandbox.journal.record(entry)
