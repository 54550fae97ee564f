"""The sandboxes of the server. Tokens are masked, never shown whole; names are no secrets."""

import json
from typing import Any

from sandbox.control.context import ControlContext
from sandbox.operations import Operation
from sandbox.schemas.control import SandboxPath
from sandbox.schemas.responses import SandboxListSchema
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.web.json_pieces import json_pieces
from sandbox.web.response import Response, json_response
from sandbox.world.fleet import SandboxSlot
from sandbox.world.journal import Key
from sandbox.world.pause import with_pauses

PATH = "/__admin/sandboxes"
SHOWN_CHARACTERS = 4
EXAMPLE = {
    "data": [
        {
            "id": "b7e23ec29af22b0b",
            "name": None,
            "token": "work…",
            "conversations": 120,
            "requests": 7,
            "idle_seconds": 1.5,
            "ttl_seconds": None,
        }
    ]
}


def show(context: ControlContext) -> Response:
    """Return the sandboxes, least recently used first."""
    slots = with_pauses(context.fleet, context.pause)
    shapes = (json.dumps(_shape(context, slot)).encode() for slot in slots)
    return json_response(b"".join(json_pieces({"data": shapes})))


def drop(context: ControlContext, sandbox_id: str) -> None:
    """Forget a sandbox. Its calls in flight end, and its token or name begins anew with its next call."""
    context.fleet.drop(sandbox_id)


def masked(token: str) -> str:
    """Return the beginning of ``token``, never more than half of it."""
    shown = token[: min(SHOWN_CHARACTERS, len(token) // 2)]
    return shown.encode(errors="surrogateescape").decode(errors="backslashreplace") + "…"


def _shape(context: ControlContext, slot: SandboxSlot) -> dict[str, Any]:
    seconds_left = context.fleet.seconds_left(slot)
    return {
        "id": context.fleet.id_of(slot),
        "name": slot.name,
        "token": masked(slot.token) if slot.token else None,
        "conversations": slot.world.size,
        "requests": slot.world.count_calls(Key()),
        "idle_seconds": round(context.fleet.idle_for(slot), 3),
        "ttl_seconds": None if seconds_left is None else round(seconds_left, 3),
    }


ENDPOINTS = (
    Endpoint(
        Operation("listSandboxes", "GET", PATH),
        show,
        Scope.SERVER,
        response=SandboxListSchema(),
        example=EXAMPLE,
    ),
    Endpoint(
        Operation("dropSandbox", "DELETE", f"{PATH}/{{sandbox_id}}"),
        drop,
        Scope.SERVER,
        statuses=(204,),
        errors=(404,),
        path=SandboxPath(),
    ),
)
