"""The built-in scenarios."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.operations import Operation
from sandbox.schemas.responses import ScenarioListSchema
from sandbox.seeding.scenario import summaries
from sandbox.web.endpoint import Endpoint, Scope

EXAMPLE = {"data": [{"name": "blank", "description": "Nothing; the clock is frozen.", "size": 0}]}


def show(_context: ControlContext) -> dict[str, Any]:
    """Return the built-in scenarios: name, description, and the number of conversations."""
    return {"data": summaries()}


ENDPOINTS = (
    Endpoint(
        Operation("listScenarios", "GET", "/__admin/scenarios"),
        show,
        Scope.SERVER,
        response=ScenarioListSchema(),
        example=EXAMPLE,
    ),
)
