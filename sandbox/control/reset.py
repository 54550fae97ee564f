"""Reset: a sandbox back to its initial state."""

from collections.abc import Iterable
from typing import Any

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.control.scenarios import SCENARIO, chosen_scenario
from sandbox.operations import Operation
from sandbox.schemas.control import Reset, ResetQuery
from sandbox.schemas.responses import ResetResultSchema
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.world.errors import SandboxReset as SandboxEnded
from sandbox.world.interface import Lease, World
from sandbox.world.release import release
from sandbox.world.world_parts import parts_of


class SandboxReset(Reset):
    """The body of a reset, with the names of the built-in scenarios."""

    scenario = SCENARIO


def reset(
    context: ControlContext, lease: Lease | None, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    """Reset the caller's sandbox, or all of them, to the server's scenario or to another one.

    That includes conversations, idempotency keys, ids, clock, rules and journal. Snapshots stay. Calls in flight
    cannot write into the new world.
    """
    scenario = chosen_scenario(context, body)
    for world in _worlds(context, lease, everyone=query["all"]):
        replaced = world.state.large_parts
        try:
            world.reset(scenario.initial_state(context.now()))
        except SandboxEnded:
            # Of all sandboxes, one may be dropped at the same moment.
            if not query["all"]:
                raise
            continue
        release(replaced, context.pause, parts_of(world))
        context.pause()
    return {"scenario": scenario.name, "seed": scenario.seed, "conversations": scenario.size}


def _worlds(context: ControlContext, lease: Lease | None, *, everyone: bool) -> Iterable[World]:
    if everyone:
        return context.fleet.worlds()
    if lease is None:
        raise problems.invalid(
            "Say which sandbox is meant with the header 'Authorization: Bearer {token}' or 'X-Sandbox-World: {world}', "
            "or with /t/{world} before the path, or reset all with ?all=true."
        )
    return [lease.world]


ENDPOINTS = (
    Endpoint(
        Operation("resetSandbox", "POST", "/__admin/reset"),
        reset,
        Scope.EITHER,
        query=ResetQuery(),
        body=SandboxReset(),
        response=ResetResultSchema(),
        example={"scenario": "default", "seed": 1, "conversations": 120},
    ),
)
