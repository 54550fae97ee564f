"""``GET /__admin/health``: whether the server is up, for probes and scripts. Never guarded."""

from typing import Any

from sandbox.control.desk import Desk
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.version import __version__

EXAMPLE = {"status": "ok", "version": __version__, "uptime_seconds": 12.5, "sandboxes": 3}


def health(desk: Desk) -> dict[str, Any]:
    """That the server is up, for how many seconds, and how many sandboxes there are."""
    return {
        "status": "ok",
        "version": __version__,
        "uptime_seconds": round(desk.uptime(), 3),
        "sandboxes": len(desk.fleet),
    }


ENDPOINTS = (Endpoint("getHealth", "GET", "/__admin/health", health, Scope.SERVER, example=EXAMPLE),)
