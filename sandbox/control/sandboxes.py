"""Who is here: the sandboxes of the server. Tokens are masked, never shown whole."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.world.errors import UnknownSandbox
from sandbox.world.fleet import SandboxSlot
from sandbox.world.journal import Key

PATH = "/__admin/sandboxes"
SHOWN_LETTERS = 4
EXAMPLE = {
    "data": [
        {"id": "b7e23ec29af22b0b", "token": "work…", "conversations": 120, "requests": 7, "idle_seconds": 1.5}
    ]
}


def show(context: ControlContext) -> dict[str, Any]:
    """The sandboxes, the one unused longest first."""
    return {"data": [_shape(context, slot) for slot in context.fleet]}


def drop(context: ControlContext, sandbox_id: str) -> None:
    """Forget a sandbox. What is under way in it ends there; its token begins anew with its next call."""
    for slot in context.fleet:
        if context.sandbox_id(slot.token) == sandbox_id:
            context.fleet.drop(slot)
            return
    raise UnknownSandbox(sandbox_id)


def masked(token: str) -> str:
    """The beginning of ``token``, never more than half of it."""
    return token[: min(SHOWN_LETTERS, len(token) // 2)] + "…"


def _shape(context: ControlContext, slot: SandboxSlot) -> dict[str, Any]:
    sandbox = slot.sandbox
    return {
        "id": context.sandbox_id(slot.token),
        "token": masked(slot.token),
        "conversations": len(sandbox.store.export()),
        "requests": sandbox.journal.count(Key()),
        "idle_seconds": round(context.fleet.idle_for(slot), 3),
    }


ENDPOINTS = (
    Endpoint("listSandboxes", "GET", PATH, show, Scope.SERVER, example=EXAMPLE),
    Endpoint(
        "dropSandbox", "DELETE", f"{PATH}/{{sandbox_id}}", drop, Scope.SERVER, success=204, refusals=(404,)
    ),
)
