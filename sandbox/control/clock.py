"""The time of a sandbox: freeze, advance, resume."""

from typing import Any

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.schemas.control import ClockChange
from sandbox.world.clock import LATEST_TIMESTAMP, Clock
from sandbox.world.fleet import SandboxSlot

EXAMPLE = {"now": 692233200.0, "frozen": True}


def show(_context: ControlContext, slot: SandboxSlot) -> dict[str, Any]:
    """What time it is in the sandbox, in Unix seconds, and whether its clock stands still."""
    clock = slot.sandbox.clock
    return {"now": round(clock.time(), 3), "frozen": clock.frozen}


def change(context: ControlContext, slot: SandboxSlot, body: dict[str, Any]) -> dict[str, Any]:
    """Freeze the clock, advance it, or let it run on from where it stands."""
    clock = slot.sandbox.clock
    if body["action"] == "freeze":
        clock.freeze(body.get("at"))
    elif body["action"] == "advance":
        _advance(clock, body["seconds"])
    else:
        clock.resume()
    return show(context, slot)


def _advance(clock: Clock, seconds: float) -> None:
    if clock.time() + seconds > LATEST_TIMESTAMP:
        raise problems.invalid(f"seconds must not lead beyond {LATEST_TIMESTAMP}, the end of the year 9999.")
    clock.advance(seconds)


ENDPOINTS = (
    Endpoint("getClock", "GET", "/__admin/clock", show, Scope.SANDBOX, example=EXAMPLE),
    Endpoint(
        "changeClock", "PUT", "/__admin/clock", change, Scope.SANDBOX, body=ClockChange(), example=EXAMPLE
    ),
)
