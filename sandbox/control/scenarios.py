"""Which scenarios there are."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.seeding.scenario import summaries

EXAMPLE = {"data": [{"name": "blank", "description": "Nothing; the clock stands still.", "size": 0}]}


def show(_context: ControlContext) -> dict[str, Any]:
    """The built-in scenarios: names, descriptions, and how many conversations each starts with."""
    return {"data": summaries()}


ENDPOINTS = (Endpoint("listScenarios", "GET", "/__admin/scenarios", show, Scope.SERVER, example=EXAMPLE),)
