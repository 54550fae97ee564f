"""Injecting a delay and a fault into a call, with the headers that explain them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sandbox.edge.call import Call
from sandbox.edge.client import abandon, has_disconnected
from sandbox.edge.injection.dribbled_body import DribbledBody
from sandbox.edge.injection.held_key import held_key
from sandbox.edge.injection.selector import FaultSelector, Injection
from sandbox.edge.injection.wire import CallWire, capture_response
from sandbox.edge.responder import Responder
from sandbox.faults.effect import Effect
from sandbox.web.response import Response, problem_response
from sandbox.web.text import header_value
from sandbox.world.sleep_limit import SleepLimit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

LEFT = "client_left"
"""The journal's value for a call whose client disconnected while it was delayed."""


class FaultInjector:
    """Stands between the edge and ``app``. ``sleep_limit`` bounds the calls that sleep at once."""

    def __init__(self, app: "WSGIApplication", selector: FaultSelector, sleep_limit: SleepLimit) -> None:
        self._app = app
        self._selector = selector
        self._sleep_limit = sleep_limit

    def __call__(self, environ: "WSGIEnvironment", call: Call, responder: Responder) -> Iterable[bytes]:
        """Answer the call, with what is injected into it. Raises Problem and WorldError."""
        injection = self._selector.select(call, responder)
        if injection is None:
            return self._app(environ, responder)
        return self._inject(injection, environ, call, responder)

    def _inject(
        self, injection: Injection, environ: "WSGIEnvironment", call: Call, responder: Responder
    ) -> Iterable[bytes]:
        effect = injection.effect
        # What follows may reach the client before the call is over.
        call.lease.world.validate(call.lease.generation)
        if effect.needs_api and call.reaches_operation:
            call.read()
        delay = _delay(injection, call)
        _explain(injection, call, responder, delay)
        # In the phase "after" the call is made at once; only its response is delayed and lost.
        response = self._response_before_delay(effect, environ, call)
        if effect.delay is None or effect.delay.pieces == 1 or not _sends_body(effect):
            self._hold(delay, injection, call)
            return self._body(injection, response, environ, call, responder)

        def pause(seconds: float) -> bool:
            return _sleep(call, seconds, injection)

        # Before the response begins, since it can still be refused then.
        self._sleep_limit.acquire()
        try:
            body = self._body(injection, response, environ, call, responder)
        except BaseException:
            self._sleep_limit.release()
            raise
        return DribbledBody(body, effect.delay.pieces, pause, delay / 1000, self._sleep_limit.release)

    def _response_before_delay(
        self, effect: Effect, environ: "WSGIEnvironment", call: Call
    ) -> Response | None:
        if effect.fault is None:
            return None
        if effect.after:
            response = capture_response(self._app, environ)
            call.fault = f"{effect.fault.type} after {response.status[:3]}"
            return response
        # The call does nothing: from here on, the API acts on a fork.
        call.redirect_to_fork()
        return None

    def _body(
        self,
        injection: Injection,
        captured: Response | None,
        environ: "WSGIEnvironment",
        call: Call,
        responder: Responder,
    ) -> Iterable[bytes]:
        fault, instead = injection.effect.fault, injection.effect.instead
        if fault is None:
            return self._app(environ, responder)

        def response() -> Response:
            if instead is not None:
                return problem_response(instead.problem)
            return captured or capture_response(self._app, environ)

        wire = CallWire(
            environ,
            responder,
            response,
            hold=lambda milliseconds: self._hold(milliseconds, injection, call),
            draw_bytes=lambda count: call.lease.world.draw_bytes(count, *injection.key),
            match=injection.match,
        )
        return fault.send(wire)

    def _hold(self, milliseconds: float, injection: Injection, call: Call) -> None:
        """Sleep. Raises SleepersFull, and SandboxReset if the sandbox was reset meanwhile."""
        if milliseconds <= 0:
            return
        with self._sleep_limit, held_key(call, milliseconds / 1000):
            _sleep(call, milliseconds / 1000, injection)
        call.lease.world.check(call.lease.generation)


def _sleep(call: Call, seconds: float, injection: Injection) -> bool:
    """Sleep for ``seconds``, or until the call is woken; return True if it was. Raises OSError after a disconnect."""
    woken = call.lease.world.sleep(call.lease.generation, seconds, injection.rule)
    if has_disconnected(call.environ):
        call.fault = LEFT if call.fault is None else f"{call.fault}, {LEFT}"
        abandon()
    return woken


def _delay(injection: Injection, call: Call) -> float:
    """Return the milliseconds of the delay."""
    delay = injection.effect.delay
    if delay is None:
        return 0.0
    return delay.milliseconds(call.lease.world.draw("delay", *injection.key) if delay.varies else 0.0)


def _sends_body(effect: Effect) -> bool:
    return effect.fault is None or effect.fault.sends_body


def _explain(injection: Injection, call: Call, responder: Responder, delay: float) -> None:
    """Say in the headers of the response and in the journal what was injected, and why."""
    call.rule = injection.reason
    call.delay_ms = round(delay, 3)
    headers = [("X-Sandbox-Rule", header_value(injection.reason))]
    if injection.effect.fault is not None:
        call.fault = injection.effect.fault.type
        headers.append(("X-Sandbox-Fault", call.fault))
    if injection.effect.delay is not None:
        headers.append(("X-Sandbox-Delay-Ms", f"{delay:.0f}"))
    if injection.applied:
        headers.append(("Preference-Applied", injection.applied))
    responder.add_headers(headers)
