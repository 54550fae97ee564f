"""Who is here: the sandboxes of the server. Tokens are masked, never shown whole."""

from typing import Any

from sandbox.control.desk import Desk
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.world.errors import UnknownSandbox
from sandbox.world.fleet import Berth
from sandbox.world.journal import Key

PATH = "/__admin/sandboxes"
SHOWN_LETTERS = 4
EXAMPLE = {
    "data": [
        {"id": "b7e23ec29af22b0b", "token": "work…", "conversations": 120, "requests": 7, "idle_seconds": 1.5}
    ]
}


def show(desk: Desk) -> dict[str, Any]:
    """The sandboxes, the one unused longest first."""
    return {"data": [_shape(desk, berth) for berth in desk.fleet]}


def drop(desk: Desk, sandbox_id: str) -> None:
    """Forget a sandbox. What is under way in it ends there; its token begins anew with its next call."""
    for berth in desk.fleet:
        if desk.sandbox_id(berth.token) == sandbox_id:
            desk.fleet.drop(berth)
            return
    raise UnknownSandbox(sandbox_id)


def masked(token: str) -> str:
    """The beginning of ``token``, never more than half of it."""
    return token[: min(SHOWN_LETTERS, len(token) // 2)] + "…"


def _shape(desk: Desk, berth: Berth) -> dict[str, Any]:
    sandbox = berth.sandbox
    return {
        "id": desk.sandbox_id(berth.token),
        "token": masked(berth.token),
        "conversations": len(sandbox.store.export()),
        "requests": sandbox.journal.count(Key()),
        "idle_seconds": round(desk.fleet.idle_for(berth), 3),
    }


ENDPOINTS = (
    Endpoint("listSandboxes", "GET", PATH, show, Scope.SERVER, example=EXAMPLE),
    Endpoint(
        "dropSandbox", "DELETE", f"{PATH}/{{sandbox_id}}", drop, Scope.SERVER, success=204, refusals=(404,)
    ),
)
