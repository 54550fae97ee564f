"""The built-in scenarios."""

from collections.abc import Mapping
from typing import Any

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.operations import Operation
from sandbox.schemas.fields import Name
from sandbox.schemas.responses import ScenarioListSchema
from sandbox.seeding.scenario import Scenario, ScenarioError, known, load_builtin, summaries
from sandbox.web.endpoint import Endpoint, Scope

EXAMPLE = {"data": [{"name": "blank", "description": "Nothing; the clock is frozen.", "size": 0}]}

SCENARIO = Name(
    metadata={"description": "A built-in scenario instead of the server's own.", "enum": list(known())}
)
"""The attribute of a body that selects a scenario."""


def show(_context: ControlContext) -> dict[str, Any]:
    """Return the built-in scenarios: name, description, and the number of conversations."""
    return {"data": summaries()}


def chosen_scenario(context: ControlContext, choice: Mapping[str, Any]) -> Scenario:
    """Return the scenario that ``scenario`` and ``seed`` of a body select; without them, the server's own.

    Raises Problem 400 for an unknown scenario.
    """
    if "scenario" not in choice and "seed" not in choice:
        return context.scenario
    seed = choice.get("seed", context.settings.seed)
    name = choice.get("scenario")
    if name is None:
        return context.scenario.with_seed(seed, context.pause, context.offload)
    try:
        return load_builtin(name, seed, context.pause, context.offload)
    except ScenarioError as error:
        raise problems.invalid(str(error)) from None


ENDPOINTS = (
    Endpoint(
        Operation("listScenarios", "GET", "/__admin/scenarios"),
        show,
        Scope.SERVER,
        response=ScenarioListSchema(),
        example=EXAMPLE,
    ),
)
