"""Export and import of a whole sandbox as one JSON document, without the journal."""

import json
from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.key_state import exported_keys
from sandbox.control.state_document import VERSION, Room, StateDocument, read_state
from sandbox.faults.rule_state import exported_rules, exported_server_rules
from sandbox.operations import Operation
from sandbox.schemas.examples import CREATED
from sandbox.schemas.json_stream import JsonStream
from sandbox.schemas.responses import ImportResultSchema
from sandbox.web.body_stream import BodyStream
from sandbox.web.decoding import json_errors
from sandbox.web.endpoint import Endpoint
from sandbox.web.json_pieces import json_pieces
from sandbox.web.response import StreamedResponse, json_stream
from sandbox.world.interface import Lease
from sandbox.world.paging import Order
from sandbox.world.pause import with_pauses
from sandbox.world.release import release
from sandbox.world.world_parts import parts_of

PATH = "/__admin/state"
EXAMPLE = {
    "version": VERSION,
    "seed": 1,
    "pinned_ids": [],
    "id_index": 0,
    "frozen_at": 692233200.0,
    "clock_offset": 0.0,
    "faults": [{"times": 2, "fault": {"type": "status", "status": 503}, "matched": 5, "fired": 2}],
    "idempotency_keys": [
        {"key": "8e03978e-40d5-43e8-bc93-6894a57f9324", "at": 692233200.0, "conversation": CREATED}
    ],
    "conversations": [],
    "deleted": [{"id": "xgQQXg3hrtjh7AvZ", "created_at": 692233200}],
}


def export(context: ControlContext, lease: Lease) -> StreamedResponse:
    """Return the whole sandbox: conversations in list order, deleted ids, clock, id sequence, fault rules, and the
    idempotency keys of creates, if there are any.

    A rule comes with what it has counted, so that the calls after an import meet the same faults.
    """
    pause = context.pause
    state = lease.world.state
    server_faults, keys = exported_server_rules(state), state.idempotency_keys
    document = {
        "version": VERSION,
        "seed": state.seed,
        "pinned_ids": list(state.pinned_ids),
        "id_index": state.id_index,
        "frozen_at": state.frozen_at,
        "clock_offset": state.clock_offset,
        "faults": exported_rules(state),
        **({"server_faults": server_faults} if server_faults else {}),
        **({"idempotency_keys": exported_keys(with_pauses(keys, pause))} if keys else {}),
        **({} if state.story is None else {"story": state.story._asdict()}),
        "deleted": (_deletion(place) for place in with_pauses(state.table.deletions(), pause)),
        # JSON already, made when they were written.
        "conversations": (record.json for record in with_pauses(state.table, pause)),
    }
    return json_stream(json_pieces(document))


def import_(context: ControlContext, lease: Lease, body: BodyStream) -> dict[str, Any]:
    """Replace the whole sandbox, or change nothing if anything in the document is invalid.

    Other calls are answered meanwhile. If one of them resets the sandbox, the import is refused.
    """
    settings, pause = context.settings, context.pause
    room = Room(
        # A sandbox can import what it exported, even if its scenario is larger than creates may make it.
        conversations=max(settings.max_conversations, lease.world.size),
        rules=settings.max_rules,
        rule_bytes=settings.max_rule_bytes,
        idempotency_keys=settings.max_idempotency_keys,
    )
    with json_errors():
        state = read_state(JsonStream(body.read, pause), room, context.now(), context.server_rules.all, pause)
    replaced = lease.world.state.large_parts
    lease.world.load(lease.generation, state)
    release(replaced, pause, parts_of(lease.world))
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
        streams_body=True,
        response=ImportResultSchema(),
        example={"conversations": 120},
    ),
)
