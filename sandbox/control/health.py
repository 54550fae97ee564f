"""``GET /__admin/health``: whether the server is up, for probes and scripts. Never guarded."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.version import __version__

EXAMPLE = {
    "status": "ok",
    "version": __version__,
    "uptime_seconds": 12.5,
    "sandboxes": 3,
    "on": ["latency 100..400 ms"],
}


def health(context: ControlContext) -> dict[str, Any]:
    """That the server is up, for how many seconds, how many sandboxes there are, and what is switched on."""
    return {
        "status": "ok",
        "version": __version__,
        "uptime_seconds": round(context.uptime(), 3),
        "sandboxes": len(context.fleet),
        "on": [*context.settings.switched_on(), *_rules(context)],
    }


def _rules(context: ControlContext) -> list[str]:
    return [
        f"server-wide fault rule {rule.document.get('name', rule.id)}"
        for rule in context.rules.rule_book.rules
    ]


ENDPOINTS = (Endpoint("getHealth", "GET", "/__admin/health", health, Scope.SERVER, example=EXAMPLE),)
