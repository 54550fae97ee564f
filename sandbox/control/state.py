"""Export and import of a whole sandbox as one JSON document, without the journal."""

import json
from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.rule_state import exported_rules, exported_server_rules
from sandbox.control.state_document import VERSION, StateDocument, state_of
from sandbox.operations import Operation
from sandbox.schemas.responses import ImportResultSchema
from sandbox.web.endpoint import Endpoint
from sandbox.web.json_pieces import json_pieces
from sandbox.web.response import StreamedResponse, json_stream
from sandbox.world.errors import StoreFull
from sandbox.world.fleet import Lease
from sandbox.world.paging import Order

PATH = "/__admin/state"
EXAMPLE = {
    "version": VERSION,
    "seed": 1,
    "pinned_ids": [],
    "id_index": 0,
    "frozen_at": 692233200.0,
    "clock_offset": 0.0,
    "faults": [{"times": 2, "fault": {"type": "status", "status": 503}, "matched": 5, "fired": 2}],
    "conversations": [],
    "deleted": [{"id": "xgQQXg3hrtjh7AvZ", "created_at": 692233200}],
}


def export(_context: ControlContext, lease: Lease) -> StreamedResponse:
    """Return the whole sandbox: conversations in list order, deleted ids, clock, id sequence, fault rules.

    A rule comes with what it has counted, so that the calls after an import meet the same faults.
    """
    state = lease.world.state
    server_faults = exported_server_rules(state)
    document = {
        "version": VERSION,
        "seed": state.seed,
        "pinned_ids": list(state.pinned_ids),
        "id_index": state.id_index,
        "frozen_at": state.frozen_at,
        "clock_offset": state.clock_offset,
        "faults": exported_rules(state),
        **({"server_faults": server_faults} if server_faults else {}),
        "deleted": (_deletion(place) for place in state.table.deletions()),
        # JSON already, made when they were written.
        "conversations": (record.json for record in state.table),
    }
    return json_stream(json_pieces(document))


def import_(context: ControlContext, lease: Lease, body: dict[str, Any]) -> dict[str, Any]:
    """Replace the whole sandbox, or change nothing if anything in the document is invalid."""
    # A sandbox can import what it exported, even if its scenario is larger than creates may make it.
    capacity = max(context.settings.max_conversations, lease.world.size)
    if len(body["conversations"]) > capacity:
        raise StoreFull(capacity)
    state = state_of(
        body,
        context.settings.max_rules,
        context.now(),
        context.server_rules.all,
        context.settings.max_rule_bytes,
    )
    lease.world.load(state)
    return {"conversations": len(state.table)}


def _deletion(place: Order) -> bytes:
    return json.dumps({"id": place.id, "created_at": -place.newest_first}).encode()


ENDPOINTS = (
    Endpoint(Operation("exportState", "GET", PATH), export, response=StateDocument(), example=EXAMPLE),
    Endpoint(
        Operation("importState", "PUT", PATH),
        import_,
        errors=(507,),
        body=StateDocument(),
        body_limit="max_state_bytes",
        response=ImportResultSchema(),
        example={"conversations": 120},
    ),
)
