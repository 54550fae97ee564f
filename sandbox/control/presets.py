"""The presets: fault rules that are added by name."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.faults.presets import PRESETS
from sandbox.operations import Operation
from sandbox.schemas.responses import PresetListSchema
from sandbox.web.endpoint import Endpoint, Scope


def show(_context: ControlContext) -> dict[str, Any]:
    """Return the presets: name, description, and the rule that ``{"preset": …}`` adds."""
    return {
        "data": [
            {"name": name, "description": preset.description, "rule": preset.rule}
            for name, preset in PRESETS.items()
        ]
    }


ENDPOINTS = (
    Endpoint(
        Operation("listPresets", "GET", "/__admin/presets"),
        show,
        Scope.SERVER,
        response=PresetListSchema(),
        example={
            "data": [
                {
                    "name": "flaky",
                    "description": PRESETS["flaky"].description,
                    "rule": PRESETS["flaky"].rule,
                }
            ]
        },
    ),
)
