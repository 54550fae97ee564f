"""Snapshots: save points of a sandbox, in memory. They cost no copy of the data, and outlive a reset."""

from typing import Any

from sandbox.control.desk import Desk
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.world.fleet import Berth
from sandbox.world.sandbox import Sandbox, Start
from sandbox.world.snapshots import Snapshot

PATH = "/__admin/snapshots"
EXAMPLE = {"id": "snapshot-1", "at": 1795438800.25, "conversations": 120}


def take(_desk: Desk, berth: Berth) -> dict[str, Any]:
    """Save all that the sandbox is now: conversations, clock and id sequence."""
    sandbox = berth.sandbox
    return _shape(sandbox.snapshots.take(sandbox.clock.time(), sandbox.state))


def show(_desk: Desk, berth: Berth) -> dict[str, Any]:
    """The snapshots of the sandbox, oldest first."""
    return {"data": [_shape(snapshot) for snapshot in berth.sandbox.snapshots]}


def restore(desk: Desk, berth: Berth, snapshot_id: str) -> dict[str, Any]:
    """Bring a snapshot back. What is under way in the sandbox cannot write into it. The journal goes on."""

    def back(sandbox: Sandbox) -> Sandbox:
        return sandbox.succeed(sandbox.snapshots.get(snapshot_id).state, journal=sandbox.journal)

    desk.fleet.replace(berth, back)
    return _shape(berth.sandbox.snapshots.get(snapshot_id))


def drop(_desk: Desk, berth: Berth, snapshot_id: str) -> None:
    """Forget a snapshot."""
    berth.sandbox.snapshots.drop(snapshot_id)


def _shape(snapshot: Snapshot[Start]) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "at": round(snapshot.at, 3),
        "conversations": len(snapshot.state.table),
    }


ENDPOINTS = (
    Endpoint(
        "takeSnapshot", "POST", PATH, take, Scope.SANDBOX, success=201, refusals=(507,), example=EXAMPLE
    ),
    Endpoint("listSnapshots", "GET", PATH, show, Scope.SANDBOX, example={"data": [EXAMPLE]}),
    Endpoint(
        "restoreSnapshot",
        "POST",
        f"{PATH}/{{snapshot_id}}/restore",
        restore,
        Scope.SANDBOX,
        refusals=(404,),
        example=EXAMPLE,
    ),
    Endpoint(
        "dropSnapshot", "DELETE", f"{PATH}/{{snapshot_id}}", drop, Scope.SANDBOX, success=204, refusals=(404,)
    ),
)
