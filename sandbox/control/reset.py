"""Reset: a sandbox back to its start."""

from typing import Any

from sandbox import problems
from sandbox.control.desk import Desk
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.schemas.control import Reset, ResetQuery
from sandbox.seeding.scenario import Scenario, ScenarioError, load_builtin
from sandbox.world.fleet import Berth
from sandbox.world.sandbox import Sandbox


def reset(desk: Desk, berth: Berth | None, query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The caller's sandbox, or all of them, back to the server's scenario (or another): conversations, ids, clock,
    journal. Snapshots stay. What is under way in the old world cannot write into the new one.
    """
    scenario = _scenario(desk, body)

    def begin(sandbox: Sandbox) -> Sandbox:
        return sandbox.succeed(scenario.start(desk.now()))

    for each in _meant(desk, berth, everyone=query["all"]):
        desk.fleet.replace(each, begin)
    return {"scenario": scenario.name, "seed": scenario.seed, "conversations": scenario.size}


def _meant(desk: Desk, berth: Berth | None, *, everyone: bool) -> list[Berth]:
    if everyone:
        return [desk.nobody, *desk.fleet]
    if berth is None:
        raise problems.invalid(
            "Say whose sandbox is meant with the header 'Authorization: Bearer {token}', or reset all with ?all=true."
        )
    return [berth]


def _scenario(desk: Desk, body: dict[str, Any]) -> Scenario:
    if not body:
        return desk.scenario
    seed = body.get("seed", desk.settings.seed)
    name = body.get("scenario")
    if name is None:
        return desk.scenario.with_seed(seed)
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
