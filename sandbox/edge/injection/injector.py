"""Doing what a call meets: its delay, its fault, and what explains them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sandbox import problems
from sandbox.edge.answer import Answer
from sandbox.edge.call import Call
from sandbox.edge.injection.dribbled_body import DribbledBody
from sandbox.edge.injection.selector import FaultSelector, Injection
from sandbox.edge.injection.wire import CallWire, capture_response, made_of
from sandbox.faults.effect import Effect
from sandbox.faults.fault import Made
from sandbox.world.sleep_limit import SleepLimit
from sandbox.world.sleepers import Sleepers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Sleep = Callable[[Sleepers, float, str | None], bool]
"""Sleeps among the sleepers of a sandbox, for seconds, because of the rule of an id: :meth:`Sleepers.sleep`."""


class FaultInjector:
    """Stands between the edge and ``app``.

    ``choose`` says what a call meets, ``sleep`` is how a call sleeps, ``sleep_limit`` bound how many may at once.
    """

    def __init__(
        self, app: "WSGIApplication", choose: FaultSelector, sleep: Sleep, sleep_limit: SleepLimit
    ) -> None:
        self._app = app
        self._choose = choose
        self._sleep = sleep
        self._sleep_limit = sleep_limit

    def __call__(self, environ: "WSGIEnvironment", call: Call, answer: Answer) -> Iterable[bytes]:
        """Answer the call, with the fault that it meets, if it meets one. Raises Problem."""
        injection = self._choose(environ, call)
        if injection is None:
            return self._app(environ, answer)
        return self._do(injection, environ, call, answer)

    def _do(
        self, injection: Injection, environ: "WSGIEnvironment", call: Call, answer: Answer
    ) -> Iterable[bytes]:
        effect = injection.effect
        delay = self._delay(injection, call)
        _explain(injection, call, answer, delay)
        # In the phase "after" the call is done at once, and only its answer takes its time and is lost.
        done = self._done(effect, environ, call)
        if effect.delay is None or effect.delay.pieces == 1 or not _sends_body(effect):
            self._hold(delay, injection, call)
            return self._body(injection, done, environ, call, answer)

        def pause(seconds: float) -> bool:
            return self._sleep(call.sandbox.sleepers, seconds, injection.rule_id)

        # Before the answer begins: then it is still possible to refuse.
        self._sleep_limit.acquire()
        try:
            body = self._body(injection, done, environ, call, answer)
        except BaseException:
            self._sleep_limit.release()
            raise
        return DribbledBody(body, effect.delay.pieces, pause, delay / 1000, self._sleep_limit.release)

    def _done(self, effect: Effect, environ: "WSGIEnvironment", call: Call) -> Made | None:
        if effect.fault is None:
            return None
        if effect.after:
            made = capture_response(self._app, environ)
            call.fault = f"{effect.fault.type} after {made.status[:3]}"
            return made
        # The call does nothing: what is asked of the API from here on is asked of a copy.
        call.target = call.sandbox.succeed(call.sandbox.state)
        return None

    def _body(
        self, injection: Injection, done: Made | None, environ: "WSGIEnvironment", call: Call, answer: Answer
    ) -> Iterable[bytes]:
        fault, instead = injection.effect.fault, injection.effect.instead
        if fault is None:
            return self._app(environ, answer)

        def make() -> Made:
            return made_of(instead) if instead is not None else done or capture_response(self._app, environ)

        rule_book, fired = call.sandbox.rule_book, injection.fired
        wire = CallWire(
            environ,
            answer,
            make,
            hold=lambda milliseconds: self._hold(milliseconds, injection, call),
            draw_bytes=lambda count: rule_book.draw_bytes(count, *injection.key),
            wait_seconds=lambda: 1 if fired is None else rule_book.window_left(fired.rule),
        )
        return fault.send(wire)

    def _delay(self, injection: Injection, call: Call) -> float:
        delay = injection.effect.delay
        if delay is None:
            return 0.0
        return delay.milliseconds(
            call.sandbox.rule_book.draw("delay", *injection.key) if delay.varies else 0.0
        )

    def _hold(self, milliseconds: float, injection: Injection, call: Call) -> None:
        """Sleep. Raises Problem 503 where too many sleep, and where the sandbox was reset meanwhile."""
        if milliseconds <= 0:
            return
        with self._sleep_limit:
            self._sleep(call.sandbox.sleepers, milliseconds / 1000, injection.rule_id)
        if call.sandbox.sleepers.ended:
            raise problems.reset_meanwhile()


def _sends_body(effect: Effect) -> bool:
    return effect.fault is None or effect.fault.sends_body


def _explain(injection: Injection, call: Call, answer: Answer, delay: float) -> None:
    """Say in the answer's headers and in the journal why the answer is as it is."""
    call.rule = injection.reason
    call.delay_ms = round(delay, 3)
    headers = [("X-Sandbox-Rule", _printable(injection.reason))]
    if injection.effect.fault is not None:
        call.fault = injection.effect.fault.type
        headers.append(("X-Sandbox-Fault", call.fault))
    if injection.effect.delay is not None:
        headers.append(("X-Sandbox-Delay-Ms", f"{delay:.0f}"))
    if injection.applied:
        headers.append(("Preference-Applied", injection.applied))
    answer.add(headers)


def _printable(text: str) -> str:
    """``text`` as a header can carry it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
