"""The journal: the calls that a sandbox received, and their number."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.edge.journal_entry import entry_document
from sandbox.operations import Operation
from sandbox.schemas.control import JournalFilter, JournalQuery
from sandbox.schemas.responses import CountSchema, JournalSchema
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.world.interface import Lease, World
from sandbox.world.journal import Key

PATH = "/__admin/requests"
EXAMPLE = {
    "boot_id": "5f2b7c1e",
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
            "why": [
                {
                    "id": "rule-1",
                    "rule": "slow lists",
                    "scope": "sandbox",
                    "outcome": "operation",
                    "message": "its operation is listConversations, and the call's is createConversation",
                }
            ],
            "why_omitted": 0,
        }
    ],
}


def show(context: ControlContext, lease: Lease | None, query: dict[str, Any]) -> dict[str, Any]:
    """Return the calls of the sandbox, newest first; without a token, the calls that had none."""
    world = _world(context, lease)
    entries = world.entries(_key(query), query["limit"])
    return {
        "boot_id": context.boot.id,
        "truncated": world.journal_truncated,
        "data": [entry_document(entry) for entry in entries],
    }


def count(context: ControlContext, lease: Lease | None, query: dict[str, Any]) -> dict[str, Any]:
    """Return the number of calls, including those that the journal has dropped."""
    return {"count": _world(context, lease).count_calls(_key(query))}


def clear(context: ControlContext, lease: Lease | None) -> None:
    """Forget all calls, and count from zero."""
    lease = lease or context.fleet.lease_anonymous()
    lease.world.clear_journal(lease.generation)


def _world(context: ControlContext, lease: Lease | None) -> World:
    return context.fleet.anonymous.world if lease is None else lease.world


def _key(query: dict[str, Any]) -> Key:
    return Key(query.get("operation"), query.get("method"), query.get("status"))


ENDPOINTS = (
    Endpoint(
        Operation("listRequests", "GET", PATH),
        show,
        Scope.EITHER,
        query=JournalQuery(),
        response=JournalSchema(),
        example=EXAMPLE,
    ),
    Endpoint(
        Operation("countRequests", "GET", f"{PATH}/count"),
        count,
        Scope.EITHER,
        query=JournalFilter(),
        response=CountSchema(),
        example={"count": 3},
    ),
    Endpoint(Operation("clearRequests", "DELETE", PATH), clear, Scope.EITHER, statuses=(204,)),
)
