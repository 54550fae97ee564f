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
from sandbox.world.label import Summary
from sandbox.world.pause import with_pauses

PATH = "/__admin/sandboxes"
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
    summaries = with_pauses(context.fleet.summaries(), context.pause)
    shapes = (json.dumps(_shape(summary)).encode() for summary in summaries)
    return json_response(b"".join(json_pieces({"data": shapes})))


def drop(context: ControlContext, sandbox_id: str) -> None:
    """Forget a sandbox. Its calls in flight end, and its token or name begins anew with its next call."""
    context.fleet.drop(sandbox_id)


def _shape(summary: Summary) -> dict[str, Any]:
    left = summary.ttl_seconds
    return {
        **summary.label._asdict(),
        "conversations": summary.conversations,
        "requests": summary.requests,
        "idle_seconds": round(summary.idle_seconds, 3),
        "ttl_seconds": None if left is None else round(left, 3),
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
