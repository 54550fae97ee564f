"""The journal: what the sandbox was asked, and how often."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.schemas.control import JournalFilter, JournalQuery
from sandbox.world.fleet import SandboxSlot
from sandbox.world.journal import Entry, Journal, Key

PATH = "/__admin/requests"
SHAPE = {
    "type": "object",
    "properties": {
        "truncated": {"type": "boolean", "description": "Whether entries were dropped."},
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "description": "The X-Request-Id of the call."},
                    "at": {"type": "number", "description": "The sandbox's time in Unix seconds."},
                    "method": {"type": "string"},
                    "path": {"type": "string"},
                    "query": {"type": "string"},
                    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                    "body": {"type": "string", "description": "Cut where it is long, which it then says."},
                    "operation": {"type": ["string", "null"]},
                    "status": {"type": ["integer", "null"], "description": "null: no answer was sent."},
                    "duration_ms": {"type": "number", "description": "Until the answer began."},
                    "delay_ms": {"type": "number"},
                    "fault": {"type": ["string", "null"]},
                    "rule": {"type": ["string", "null"]},
                },
            },
        },
    },
    "required": ["truncated", "data"],
}
EXAMPLE = {
    "truncated": False,
    "data": [
        {
            "id": "5f2b7c1e-1",
            "at": 1795438800.25,
            "method": "POST",
            "path": "/v1/conversations",
            "query": "",
            "headers": {"Authorization": "[redacted]", "Content-Type": "application/x-www-form-urlencoded"},
            "body": "contact_id=WAz8eIbvDR60rouK",
            "operation": "createConversation",
            "status": 201,
            "duration_ms": 0.412,
            "delay_ms": 0.0,
            "fault": None,
            "rule": None,
        }
    ],
}


def show(context: ControlContext, slot: SandboxSlot | None, query: dict[str, Any]) -> dict[str, Any]:
    """The calls of the sandbox, newest first; without a token, the calls that had none."""
    journal = _journal(context, slot)
    entries = journal.entries(_key(query), query["limit"])
    return {"truncated": journal.truncated, "data": [_shape(entry) for entry in entries]}


def count(context: ControlContext, slot: SandboxSlot | None, query: dict[str, Any]) -> dict[str, Any]:
    """How many calls there were, those included that the journal has dropped."""
    return {"count": _journal(context, slot).count(_key(query))}


def clear(context: ControlContext, slot: SandboxSlot | None) -> None:
    """Forget all calls, and count from zero."""
    _journal(context, slot).clear()


def _journal(context: ControlContext, slot: SandboxSlot | None) -> Journal:
    return (slot or context.anonymous).sandbox.journal


def _key(query: dict[str, Any]) -> Key:
    return Key(query.get("operation"), query.get("method"), query.get("status"))


def _shape(entry: Entry) -> dict[str, Any]:
    return entry._asdict() | {"headers": dict(entry.headers)}


ENDPOINTS = (
    Endpoint(
        "listRequests", "GET", PATH, show, Scope.EITHER, query=JournalQuery(), example=EXAMPLE, shape=SHAPE
    ),
    Endpoint(
        "countRequests",
        "GET",
        f"{PATH}/count",
        count,
        Scope.EITHER,
        query=JournalFilter(),
        example={"count": 3},
    ),
    Endpoint("clearRequests", "DELETE", PATH, clear, Scope.EITHER, success=204),
)
