"""Snapshots: save points of a sandbox, in memory. They cost no copy of the data, and outlive a reset."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.world.fleet import SandboxSlot
from sandbox.world.sandbox import Sandbox, SandboxState
from sandbox.world.snapshots import Snapshot

PATH = "/__admin/snapshots"
EXAMPLE = {"id": "snapshot-1", "at": 1795438800.25, "conversations": 120}


def take(_context: ControlContext, slot: SandboxSlot) -> dict[str, Any]:
    """Save all that the sandbox is now: conversations, clock and id sequence."""
    sandbox = slot.sandbox
    return _shape(sandbox.snapshots.take(sandbox.clock.time(), sandbox.state))


def show(_context: ControlContext, slot: SandboxSlot) -> dict[str, Any]:
    """The snapshots of the sandbox, oldest first."""
    return {"data": [_shape(snapshot) for snapshot in slot.sandbox.snapshots]}


def restore(context: ControlContext, slot: SandboxSlot, snapshot_id: str) -> dict[str, Any]:
    """Bring a snapshot back. What is under way in the sandbox cannot write into it. The journal goes on."""

    def back(sandbox: Sandbox) -> Sandbox:
        return sandbox.succeed(sandbox.snapshots.get(snapshot_id).state, journal=sandbox.journal)

    context.fleet.replace(slot, back)
    return _shape(slot.sandbox.snapshots.get(snapshot_id))


def drop(_context: ControlContext, slot: SandboxSlot, snapshot_id: str) -> None:
    """Forget a snapshot."""
    slot.sandbox.snapshots.drop(snapshot_id)


def _shape(snapshot: Snapshot[SandboxState]) -> dict[str, Any]:
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
