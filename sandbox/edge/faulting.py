"""Doing what a call meets: its delay, its fault, and what explains them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sandbox import problems
from sandbox.edge.answer import Answer
from sandbox.edge.beds import Beds
from sandbox.edge.call import Call
from sandbox.edge.choosing import Choosing, Chosen
from sandbox.edge.dribbling import Dribbling
from sandbox.edge.wire import CallWire, made_by, made_of
from sandbox.faults.effect import Effect
from sandbox.faults.fault import Made
from sandbox.world.sleepers import Sleepers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Sleep = Callable[[Sleepers, float, str | None], bool]
"""Sleeps among the sleepers of a sandbox, for seconds, because of the rule of an id: :meth:`Sleepers.sleep`."""


class Faulting:
    """Stands between the edge and ``app``.

    ``choose`` says what a call meets, ``sleep`` is how a call sleeps, ``beds`` bound how many may at once.
    """

    def __init__(self, app: "WSGIApplication", choose: Choosing, sleep: Sleep, beds: Beds) -> None:
        self._app = app
        self._choose = choose
        self._sleep = sleep
        self._beds = beds

    def __call__(self, environ: "WSGIEnvironment", call: Call, answer: Answer) -> Iterable[bytes]:
        """Answer the call, with the fault that it meets, if it meets one. Raises Problem."""
        chosen = self._choose(environ, call)
        if chosen is None:
            return self._app(environ, answer)
        return self._do(chosen, environ, call, answer)

    def _do(self, chosen: Chosen, environ: "WSGIEnvironment", call: Call, answer: Answer) -> Iterable[bytes]:
        effect = chosen.effect
        delay = self._delay(chosen, call)
        _explain(chosen, call, answer, delay)
        # In the phase "after" the call is done at once, and only its answer takes its time and is lost.
        done = self._done(effect, environ, call)
        if effect.delay is None or effect.delay.pieces == 1 or not _sends_body(effect):
            self._hold(delay, chosen, call)
            return self._body(chosen, done, environ, call, answer)

        def pause(seconds: float) -> bool:
            return self._sleep(call.sandbox.sleepers, seconds, chosen.rule_id)

        # Before the answer begins: then it is still possible to refuse.
        self._beds.take()
        try:
            body = self._body(chosen, done, environ, call, answer)
        except BaseException:
            self._beds.leave()
            raise
        return Dribbling(body, effect.delay.pieces, pause, delay / 1000, self._beds.leave)

    def _done(self, effect: Effect, environ: "WSGIEnvironment", call: Call) -> Made | None:
        if effect.fault is None:
            return None
        if effect.after:
            made = made_by(self._app, environ)
            call.fault = f"{effect.fault.type} after {made.status[:3]}"
            return made
        # The call does nothing: what is asked of the API from here on is asked of a copy.
        call.target = call.sandbox.succeed(call.sandbox.state)
        return None

    def _body(
        self, chosen: Chosen, done: Made | None, environ: "WSGIEnvironment", call: Call, answer: Answer
    ) -> Iterable[bytes]:
        fault, instead = chosen.effect.fault, chosen.effect.instead
        if fault is None:
            return self._app(environ, answer)

        def make() -> Made:
            return made_of(instead) if instead is not None else done or made_by(self._app, environ)

        book, fired = call.sandbox.book, chosen.fired
        wire = CallWire(
            environ,
            answer,
            make,
            hold=lambda milliseconds: self._hold(milliseconds, chosen, call),
            draw_bytes=lambda count: book.draw_bytes(count, *chosen.key),
            wait_seconds=lambda: 1 if fired is None else book.window_left(fired.rule),
        )
        return fault.send(wire)

    def _delay(self, chosen: Chosen, call: Call) -> float:
        delay = chosen.effect.delay
        if delay is None:
            return 0.0
        return delay.milliseconds(call.sandbox.book.draw("delay", *chosen.key) if delay.varies else 0.0)

    def _hold(self, milliseconds: float, chosen: Chosen, call: Call) -> None:
        """Sleep. Raises Problem 503 where too many sleep, and where the sandbox was reset meanwhile."""
        if milliseconds <= 0:
            return
        with self._beds:
            self._sleep(call.sandbox.sleepers, milliseconds / 1000, chosen.rule_id)
        if call.sandbox.sleepers.ended:
            raise problems.reset_meanwhile()


def _sends_body(effect: Effect) -> bool:
    return effect.fault is None or effect.fault.sends_body


def _explain(chosen: Chosen, call: Call, answer: Answer, delay: float) -> None:
    """Say in the answer's headers and in the journal why the answer is as it is."""
    call.rule = chosen.reason
    call.delay_ms = round(delay, 3)
    headers = [("X-Sandbox-Rule", _printable(chosen.reason))]
    if chosen.effect.fault is not None:
        call.fault = chosen.effect.fault.type
        headers.append(("X-Sandbox-Fault", call.fault))
    if chosen.effect.delay is not None:
        headers.append(("X-Sandbox-Delay-Ms", f"{delay:.0f}"))
    if chosen.applied:
        headers.append(("Preference-Applied", chosen.applied))
    answer.add(headers)


def _printable(text: str) -> str:
    """``text`` as a header can carry it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
