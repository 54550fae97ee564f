"""The journal: what the sandbox was asked, and how often."""

from dataclasses import asdict
from typing import Any

from sandbox.control.desk import Desk
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.schemas.control import JournalFilter, JournalQuery
from sandbox.world.fleet import Berth
from sandbox.world.journal import Entry, Journal, Key

PATH = "/__admin/requests"
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


def show(desk: Desk, berth: Berth | None, query: dict[str, Any]) -> dict[str, Any]:
    """The calls of the sandbox, newest first; without a token, the calls that had none."""
    journal = _journal(desk, berth)
    entries = journal.entries(_key(query), query["limit"])
    return {"truncated": journal.truncated, "data": [_shape(entry) for entry in entries]}


def count(desk: Desk, berth: Berth | None, query: dict[str, Any]) -> dict[str, Any]:
    """How many calls there were, those included that the journal has dropped."""
    return {"count": _journal(desk, berth).count(_key(query))}


def clear(desk: Desk, berth: Berth | None) -> None:
    """Forget all calls, and count from zero."""
    _journal(desk, berth).clear()


def _journal(desk: Desk, berth: Berth | None) -> Journal:
    return (desk.nobody if berth is None else berth.sandbox).journal


def _key(query: dict[str, Any]) -> Key:
    return Key(query.get("operation"), query.get("method"), query.get("status"))


def _shape(entry: Entry) -> dict[str, Any]:
    return asdict(entry) | {"headers": dict(entry.headers)}


ENDPOINTS = (
    Endpoint("listRequests", "GET", PATH, show, Scope.EITHER, query=JournalQuery(), example=EXAMPLE),
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
