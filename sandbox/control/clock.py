"""The time of a sandbox: freeze, advance, resume."""

from typing import Any

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.operations import Operation
from sandbox.schemas.control import ClockChange
from sandbox.schemas.responses import ClockSchema
from sandbox.web.endpoint import Endpoint
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.interface import Lease

PATH = "/__admin/clock"
EXAMPLE = {"now": 692233200.0, "frozen": True}


def show(_context: ControlContext, lease: Lease) -> dict[str, Any]:
    """Return the time of the sandbox in Unix seconds, and whether its clock is frozen."""
    return {"now": round(lease.world.time(), 3), "frozen": lease.world.clock_state.frozen_at is not None}


def change(context: ControlContext, lease: Lease, body: dict[str, Any]) -> dict[str, Any]:
    """Freeze the clock, advance it, or let it run on from where it stands."""
    if body["action"] == "freeze":
        lease.world.freeze_clock(lease.generation, body.get("at"))
    elif body["action"] == "advance":
        _advance(lease, body["seconds"])
    else:
        lease.world.resume_clock(lease.generation)
    return show(context, lease)


def _advance(lease: Lease, seconds: float) -> None:
    if lease.world.time() + seconds > LATEST_TIMESTAMP:
        raise problems.invalid(f"seconds must not lead beyond {LATEST_TIMESTAMP}, the end of the year 9999.")
    lease.world.advance_clock(lease.generation, seconds)


ENDPOINTS = (
    Endpoint(Operation("getClock", "GET", PATH), show, response=ClockSchema(), example=EXAMPLE),
    Endpoint(
        Operation("changeClock", "PUT", PATH),
        change,
        body=ClockChange(),
        response=ClockSchema(),
        example=EXAMPLE,
    ),
)
