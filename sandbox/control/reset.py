"""Reset: a sandbox back to its start."""

from typing import Any

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.schemas.control import Reset, ResetQuery
from sandbox.seeding.scenario import Scenario, ScenarioError, load_builtin
from sandbox.world.fleet import SandboxSlot
from sandbox.world.sandbox import Sandbox


def reset(
    context: ControlContext, slot: SandboxSlot | None, query: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    """The caller's sandbox, or all of them, back to the server's scenario (or another): conversations, ids, clock,
    journal. Snapshots stay. What is under way in the old world cannot write into the new one.
    """
    scenario = _scenario(context, body)

    def begin(sandbox: Sandbox) -> Sandbox:
        return sandbox.succeed(scenario.start(context.now()))

    for each in _meant(context, slot, everyone=query["all"]):
        context.fleet.replace(each, begin)
    return {"scenario": scenario.name, "seed": scenario.seed, "conversations": scenario.size}


def _meant(context: ControlContext, slot: SandboxSlot | None, *, everyone: bool) -> list[SandboxSlot]:
    if everyone:
        return [context.anonymous, *context.fleet]
    if slot is None:
        raise problems.invalid(
            "Say whose sandbox is meant with the header 'Authorization: Bearer {token}', or reset all with ?all=true."
        )
    return [slot]


def _scenario(context: ControlContext, body: dict[str, Any]) -> Scenario:
    if not body:
        return context.scenario
    seed = body.get("seed", context.settings.seed)
    name = body.get("scenario")
    if name is None:
        return context.scenario.with_seed(seed)
    try:
        return load_builtin(name, seed)
    except ScenarioError as error:
        raise problems.invalid(str(error)) from None


ENDPOINTS = (
    Endpoint(
        "resetSandbox",
        "POST",
        "/__admin/reset",
        reset,
        Scope.EITHER,
        query=ResetQuery(),
        body=Reset(),
        example={"scenario": "default", "seed": 1, "conversations": 120},
    ),
)
