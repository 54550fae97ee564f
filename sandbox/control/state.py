"""A whole sandbox as one JSON document, out and in. The journal is not part of it: it tells of calls, not of state."""

import json
from typing import Any

from marshmallow import Schema, ValidationError

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.faults.parsing import rules_of
from sandbox.operations import Operation
from sandbox.schemas.control import STATE_VERSION, Deletion, StateDocument
from sandbox.schemas.conversation import ConversationSchema, encode
from sandbox.schemas.error_messages import explain
from sandbox.schemas.fields import Id, is_id
from sandbox.schemas.responses import ImportResultSchema
from sandbox.web.endpoint import Endpoint
from sandbox.web.response import Response, json_response
from sandbox.world.clock import Clock
from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import MissingParticipant, StoreFull
from sandbox.world.fleet import Lease
from sandbox.world.paging import Order
from sandbox.world.rules import bind_all
from sandbox.world.state import SandboxState
from sandbox.world.table import MAX_DELETIONS, Table

PATH = "/__admin/state"
EXAMPLE = {
    "version": STATE_VERSION,
    "seed": 1,
    "pinned_ids": [],
    "id_index": 0,
    "frozen_at": 692233200.0,
    "clock_offset": 0.0,
    "faults": [{"times": 2, "fault": {"type": "status", "status": 503}}],
    "conversations": [],
    "deleted": [{"id": "xgQQXg3hrtjh7AvZ", "created_at": 692233200}],
}
_CONVERSATION = ConversationSchema()
_DELETION = Deletion()


def export(_context: ControlContext, lease: Lease) -> Response:
    """The whole sandbox: conversations in list order, deleted ids, clock, id sequence, fault rules."""
    state = lease.world.state
    head = {
        "version": STATE_VERSION,
        "seed": state.seed,
        "pinned_ids": list(state.pinned_ids),
        "id_index": state.id_index,
        "frozen_at": state.frozen_at,
        "clock_offset": state.clock_offset,
        "faults": [dict(rule.document) for rule in state.rules],
        "deleted": [{"id": place.id, "created_at": -place.newest_first} for place in state.table.deletions()],
    }
    # The records are JSON already: they are joined, not made again.
    records = b",".join([record.json for record in state.table])
    return json_response(json.dumps(head).encode()[:-1] + b', "conversations": [' + records + b"]}\n")


def import_(context: ControlContext, lease: Lease, body: dict[str, Any]) -> dict[str, Any]:
    """Put a whole sandbox in the place of the caller's, or nothing where anything in the document is wrong."""
    # What a sandbox exports it can take back, also where its scenario is larger than creates may make it.
    capacity = max(context.settings.max_conversations, lease.world.size)
    if len(body["conversations"]) > capacity:
        raise StoreFull(capacity)
    if len(body["deleted"]) > MAX_DELETIONS:
        raise problems.invalid(f"deleted must be a list of at most {MAX_DELETIONS} deletions.")
    state = _state_of(body, context.settings.max_rules, context.now())
    lease.world.load(state)
    return {"conversations": len(state.table)}


def _state_of(document: dict[str, Any], max_rules: int, now: float) -> SandboxState:
    conversations = [
        _conversation(values, f"conversations[{at}]") for at, values in enumerate(document["conversations"])
    ]
    first: dict[str, str] = {}
    _refuse_twice([conversation.id for conversation in conversations], "conversations", first)
    clock = Clock(lambda: now, document["frozen_at"], document["clock_offset"])
    deletions = [_deletion(values, f"deleted[{at}]") for at, values in enumerate(document["deleted"])]
    _refuse_twice([place.id for place in deletions], "deleted", first)
    records = (Record(conversation, encode(conversation)) for conversation in conversations)
    return SandboxState(
        Table.of(records, deletions),
        seed=document["seed"],
        pinned_ids=_ids(document["pinned_ids"]),
        frozen_at=document["frozen_at"],
        id_index=document["id_index"],
        clock_offset=document["clock_offset"],
        rules=bind_all(rules_of(document["faults"], "faults", max_rules), "rule", clock.time()),
    )


def _conversation(values: Any, place: str) -> Conversation:
    attributes = _load(_CONVERSATION, values, place)
    try:
        return Conversation(**attributes)
    except MissingParticipant as error:
        raise problems.invalid(f"{place} {error}.") from None


def _deletion(values: Any, place: str) -> Order:
    loaded = _load(_DELETION, values, place)
    return Order(-loaded["created_at"], loaded["id"])


def _load(schema: Schema, values: Any, place: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise problems.invalid(f"{place} must be an object, not {problems.quoted(values)}.")
    try:
        loaded: dict[str, Any] = schema.load(values)
    except ValidationError as error:
        raise problems.invalid(explain(schema, error, values, place, f"{place}.")) from None
    return loaded


def _ids(values: list[Any]) -> tuple[str, ...]:
    for at, value in enumerate(values):
        if not isinstance(value, str) or not is_id(value):
            raise problems.invalid(f"pinned_ids[{at}] must be {Id.expects}, not {problems.quoted(value)}.")
    return tuple(values)


def _refuse_twice(ids: list[str], place: str, first: dict[str, str]) -> None:
    """Remember in ``first`` where each id stands. Raises Problem 400 where one stands somewhere already."""
    for at, conversation_id in enumerate(ids):
        here = f"{place}[{at}].id"
        if conversation_id in first:
            raise problems.invalid(
                f"{here} is {problems.quoted(conversation_id)}, as is {first[conversation_id]}."
            )
        first[conversation_id] = here


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
