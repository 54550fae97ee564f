"""The edge: the WSGI application around the Flask application.

    world of the path → request id → CORS and preflight → world → body → fault injection → API → journal

What is done here holds for every ``/v1`` response, also for those that Flask never sees.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sandbox import operations, problems
from sandbox.edge.call import Call
from sandbox.edge.cors import cors_headers, is_preflight, preflight_headers
from sandbox.edge.injection.injector import FaultInjector
from sandbox.edge.journal_entry import journal_entry
from sandbox.edge.journal_file import JournalFile
from sandbox.edge.request_id import RequestIds
from sandbox.edge.responder import Responder
from sandbox.problems import Problem
from sandbox.settings import Settings, flag_of
from sandbox.web.body import is_awaited, read_body
from sandbox.web.body_limit import BodyLimit
from sandbox.web.decoding import check_type
from sandbox.web.text import text_of
from sandbox.web.world_errors import problem_of
from sandbox.web.world_name import world_name
from sandbox.web.world_prefix import PREFIX as WORLD_PREFIX
from sandbox.web.world_prefix import move_prefix
from sandbox.world.errors import Outdated, StoreUnavailable, WorldError
from sandbox.world.interface import Fleet, Lease
from sandbox.world.offload import Offload, run_here
from sandbox.world.pause import Pause, no_pause

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL = "/__admin"

_CALLS = operations.PREFIX + "/"


class Edge:
    """Sends ``/__admin`` to ``control``, ``/v1`` through ``injector``, and everything else to ``app``.

    ``monotonic`` returns seconds. ``journal_file`` gets every call as well, if there is one. ``pause`` and ``offload``
    let others run while a large body is decoded.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the parts that it connects, each used once
        self,
        app: "WSGIApplication",
        injector: FaultInjector,
        control: Callable[["WSGIEnvironment", Responder], Iterable[bytes]],
        fleet: Fleet,
        request_ids: RequestIds,
        settings: Settings,
        monotonic: Callable[[], float],
        journal_file: JournalFile | None = None,
        pause: Pause = no_pause,
        offload: Offload = run_here,
    ) -> None:
        self._app = app
        self._injector = injector
        self._control = control
        self._fleet = fleet
        self._request_ids = request_ids
        self._settings = settings
        self._body_limit = BodyLimit(settings.max_body_bytes, flag_of("max_body_bytes"))
        self._monotonic = monotonic
        self._journal_file = journal_file
        self._pause = pause
        self._offload = offload

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(WORLD_PREFIX):
            path = move_prefix(environ)
        responder = Responder(environ, start_response, self._request_ids.of(environ))
        inner: Callable[[WSGIEnvironment, Responder], Iterable[bytes]]
        if path.startswith(_CALLS):
            responder.add_headers(cors_headers(environ))
            inner = self._call
        elif _is_control(path):
            # The control API is for its own page and for tools: no CORS for the pages of other sites.
            inner = self._control
        else:
            responder.add_headers(cors_headers(environ))
            inner = self._elsewhere
        if environ.get("wsgi.multiprocess") and self._settings.store is None and not is_preflight(environ):
            answer = responder.send_problem(problems.one_process_only())
        else:
            answer = inner(environ, responder)
        responder.start()
        return answer

    def _elsewhere(self, environ: "WSGIEnvironment", responder: Responder) -> Iterable[bytes]:
        """Answer a request outside ``/v1`` and ``/__admin``."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        # OPTIONS * is a request to the server as a whole (RFC 9110, section 9.3.7).
        if is_preflight(environ) or (path == "*" and method == "OPTIONS"):
            return responder.send_no_content(preflight_headers(environ))
        if path[:1] != "/" or path[:2] == "//":
            # Routers tolerate extra slashes. Access is decided by the path, so none are tolerated.
            return responder.send_problem(problems.unknown_path(method, text_of(path)))
        return self._app(environ, responder)

    def _call(self, environ: "WSGIEnvironment", responder: Responder) -> Iterable[bytes]:
        """Answer one ``/v1`` call, and record it in the journal."""
        began = self._monotonic()
        try:
            call = Call(environ)
        except Problem as problem:
            return responder.send_problem(problem)
        call.attach()
        try:
            try:
                return self._answer(environ, call, responder, began)
            except Outdated:
                call.begin_anew()
                responder.begin_anew(cors_headers(environ))
                return self._answer(environ, call, responder, began)
        finally:
            call.detach()

    def _answer(
        self, environ: "WSGIEnvironment", call: Call, responder: Responder, began: float
    ) -> Iterable[bytes]:
        """Answer a call, and record it. Raises Outdated if it is optimistic, and has missed a change."""
        try:
            if call.method == "OPTIONS":
                answer: Iterable[bytes] = responder.send_no_content(preflight_headers(environ))
            else:
                answer = self._in_world(environ, call, responder)
        except Problem as problem:
            answer = responder.send_problem(problem)
        except WorldError as error:
            answer = responder.send_problem(problem_of(error))
        except Outdated:
            self._release(call.lease)
            raise
        except BaseException:
            # The connection was reset, or the client has left.
            self._record(call, responder, began)
            raise
        self._record(call, responder, began)
        return answer

    def _in_world(self, environ: "WSGIEnvironment", call: Call, responder: Responder) -> Iterable[bytes]:
        # A call whose world is named is in it even if it has no token: its journal says what was forgotten.
        key, optimistic = world_name(environ) or call.token, call.is_optimistic
        fleet = self._fleet
        call.enter(
            fleet.lease_anonymous(optimistic=optimistic)
            if key is None
            else fleet.acquire(key, optimistic=optimistic)
        )
        if is_awaited(environ):
            # The client sends the body when it is read. A refusal that does not need it is sent alone.
            call.reader = self._read_awaited
        else:
            self._read(call)
        return self._injector(environ, call, responder)

    def _read_awaited(self, call: Call) -> None:
        check_type(call.content_type)
        if not call.has_read:
            call.forget_body()
        self._read(call)

    def _read(self, call: Call) -> None:
        if not call.has_read:
            call.has_read = True
            try:
                call.body = read_body(call.environ, self._body_limit, self._pause)
            except Problem as problem:
                call.unreadable = problem
                raise
            call.prepare_body(self._pause, self._offload)
        elif call.unreadable is not None:
            raise call.unreadable.with_traceback(None)
        lease = call.lease
        if lease.generation != lease.world.generation:
            # The body may have taken its time to arrive, and the world was reset meanwhile.
            call.enter(lease._replace(generation=lease.world.current(lease.generation)))

    def _record(self, call: Call, responder: Responder, began: float) -> None:
        # A preflight and a call for which the fleet has no room are in the journal of the calls without a token.
        lease = call.lease if call.has_entered else self._lease_anonymous()
        try:
            entry = journal_entry(
                call,
                request_id=responder.request_id,
                status=responder.status,
                at=lease.world.time(),
                duration=self._monotonic() - began,
                max_body_bytes=self._settings.journal_body_bytes,
            )
            lease.world.record(lease.generation, entry)
            if self._journal_file is not None:
                self._journal_file.append(entry)
        finally:
            self._release(lease)

    def _release(self, lease: Lease) -> None:
        if lease.slot is not self._fleet.anonymous:
            self._fleet.release(lease)

    def _lease_anonymous(self) -> Lease:
        try:
            return self._fleet.lease_anonymous()
        except StoreUnavailable:
            # The journal as it is known here gets the call when the store is available again.
            slot = self._fleet.anonymous
            return Lease(slot, slot.world, slot.world.generation)


def _is_control(path: str) -> bool:
    return path.startswith(CONTROL) and path[len(CONTROL) :][:1] in ("", "/")
