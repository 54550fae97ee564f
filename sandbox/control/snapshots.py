"""Snapshots: save points of a sandbox, in memory. They cost no copy of the data, and survive a reset."""

from typing import Any

from sandbox.control.context import ControlContext
from sandbox.operations import Operation
from sandbox.schemas.control import SnapshotPath
from sandbox.schemas.responses import SnapshotListSchema, SnapshotSchema
from sandbox.web.endpoint import Endpoint
from sandbox.world.interface import Lease
from sandbox.world.release import release
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState
from sandbox.world.world_parts import parts_of

PATH = "/__admin/snapshots"
EXAMPLE = {"id": "snapshot-1", "at": 1795438800.25, "conversations": 120}


def take(_context: ControlContext, lease: Lease) -> dict[str, Any]:
    """Save the state of the sandbox: conversations, clock, rules and id sequence."""
    return _shape(lease.world.take_snapshot(lease.generation))


def show(_context: ControlContext, lease: Lease) -> dict[str, Any]:
    """Return the snapshots of the sandbox, oldest first."""
    return {"data": [_shape(snapshot) for snapshot in lease.world.snapshots]}


def restore(context: ControlContext, lease: Lease, snapshot_id: str) -> dict[str, Any]:
    """Restore a snapshot. Calls in flight cannot write into the restored world. The journal continues."""
    world = lease.world
    replaced = world.state.large_parts
    restored = world.restore(snapshot_id)
    release(replaced, context.pause, parts_of(world))
    return _shape(restored)


def drop(context: ControlContext, lease: Lease, snapshot_id: str) -> None:
    """Forget a snapshot."""
    world = lease.world
    dropped = [part for each in world.snapshots if each.id == snapshot_id for part in each.state.large_parts]
    world.drop_snapshot(lease.generation, snapshot_id)
    release(dropped, context.pause, parts_of(world))


def _shape(snapshot: Snapshot[SandboxState]) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "at": round(snapshot.at, 3),
        "conversations": len(snapshot.state.table),
    }


ENDPOINTS = (
    Endpoint(
        Operation("takeSnapshot", "POST", PATH),
        take,
        statuses=(201,),
        errors=(507,),
        response=SnapshotSchema(),
        example=EXAMPLE,
    ),
    Endpoint(
        Operation("listSnapshots", "GET", PATH),
        show,
        response=SnapshotListSchema(),
        example={"data": [EXAMPLE]},
    ),
    Endpoint(
        Operation("restoreSnapshot", "POST", f"{PATH}/{{snapshot_id}}/restore"),
        restore,
        errors=(404,),
        path=SnapshotPath(),
        response=SnapshotSchema(),
        example=EXAMPLE,
    ),
    Endpoint(
        Operation("dropSnapshot", "DELETE", f"{PATH}/{{snapshot_id}}"),
        drop,
        statuses=(204,),
        errors=(404,),
        path=SnapshotPath(),
    ),
)
