"""``GET /__admin/health``: whether the server is up, for probes and scripts. Never guarded."""

from contextlib import suppress
from typing import Any

from sandbox.control.context import ControlContext
from sandbox.operations import Operation
from sandbox.schemas.responses import HealthSchema
from sandbox.version import __version__
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.world.errors import StoreUnavailable

EXAMPLE = {
    "status": "ok",
    "version": __version__,
    "boot_id": "5f2b7c1e",
    "uptime_seconds": 12.5,
    "sandboxes": 3,
    "on": ["latency 100..400 ms"],
}


def show(context: ControlContext) -> dict[str, Any]:
    """Return the id of the boot, the uptime in seconds, the number of sandboxes, and everything that is switched on.

    The status is "degraded" while the store of --store is unavailable, and calls get 503; "reason" says why.
    """
    with suppress(StoreUnavailable):
        context.server_rules.follow()
    failure = context.fleet.failure
    return {
        "status": "ok" if failure is None else "degraded",
        **({} if failure is None else {"reason": failure}),
        "version": __version__,
        "boot_id": context.boot.id,
        "uptime_seconds": round(context.boot.uptime(), 3),
        "sandboxes": len(context.fleet),
        "on": [*context.settings.switched_on(), *_rules(context)],
    }


def _rules(context: ControlContext) -> list[str]:
    return [
        f"server-wide fault rule {rule.name or rule.id}"
        for rule in context.server_rules.rules
        if rule.enabled
    ]


ENDPOINTS = (
    Endpoint(
        Operation("getHealth", "GET", "/__admin/health"),
        show,
        Scope.SERVER,
        response=HealthSchema(),
        example=EXAMPLE,
    ),
)
