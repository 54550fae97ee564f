"""``GET /__admin/health``: whether the server is up, for probes and scripts. Never guarded."""

from typing import Any

from sandbox.control.desk import Desk
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.version import __version__

EXAMPLE = {
    "status": "ok",
    "version": __version__,
    "uptime_seconds": 12.5,
    "sandboxes": 3,
    "on": ["latency 100..400 ms"],
}


def health(desk: Desk) -> dict[str, Any]:
    """That the server is up, for how many seconds, how many sandboxes there are, and what is switched on."""
    return {
        "status": "ok",
        "version": __version__,
        "uptime_seconds": round(desk.uptime(), 3),
        "sandboxes": len(desk.fleet),
        "on": [*desk.settings.switched_on(), *_rules(desk)],
    }


def _rules(desk: Desk) -> list[str]:
    return [f"server-wide fault rule {rule.document.get('name', rule.id)}" for rule in desk.rules.book.rules]


ENDPOINTS = (Endpoint("getHealth", "GET", "/__admin/health", health, Scope.SERVER, example=EXAMPLE),)
