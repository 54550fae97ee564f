"""The state document: a whole sandbox as JSON."""

from typing import Any

from marshmallow import Schema, ValidationError

from sandbox import problems
from sandbox.faults.rule_document import RULE, rules_of
from sandbox.schemas.conversation import ConversationSchema, encode
from sandbox.schemas.error_messages import Path, message_of
from sandbox.schemas.fields import Id, IdList, Number, Timestamp, WholeNumber
from sandbox.schemas.object_list import ObjectList, UnreadObjects
from sandbox.schemas.unique_ids import check_unique
from sandbox.world.clock import LATEST_TIMESTAMP, Clock
from sandbox.world.conversation import Conversation, Record
from sandbox.world.paging import Order
from sandbox.world.rules import bind_all
from sandbox.world.state import SandboxState
from sandbox.world.table import MAX_DELETIONS, Table

VERSION = 1
"""The version of the format; another format will have another version."""


class Deletion(Schema):
    """The place of a deleted conversation, whose id still works as a cursor."""

    id = Id(required=True)
    created_at = Timestamp(required=True)


class StateDocument(Schema):
    """A whole sandbox: the response of an export, and the body of an import.

    The lists are loaded as UnreadObjects: an import that has no room for them refuses them before it reads them.
    """

    version = WholeNumber(VERSION, VERSION, required=True)
    seed = WholeNumber(0, 2**63 - 1, required=True)
    pinned_ids = IdList(required=True)
    id_index = WholeNumber(0, 2**63 - 1, required=True)
    frozen_at = Number(0, LATEST_TIMESTAMP, required=True, allow_none=True)
    clock_offset = Number(-LATEST_TIMESTAMP, LATEST_TIMESTAMP, required=True)
    faults = ObjectList(RULE, "a rule", required=True)
    conversations = ObjectList(ConversationSchema(), "a conversation", required=True)
    deleted = ObjectList(Deletion(), "a deletion", max_items=MAX_DELETIONS, required=True)


def state_of(document: dict[str, Any], max_rules: int, now: float) -> SandboxState:
    """Return the state that a loaded document describes. ``now`` is the machine's time in Unix seconds.

    Raises Problem 400, which names what is wrong with its place, and RulesFull where there are more than ``max_rules``.
    """
    clock = Clock(lambda: now, document["frozen_at"], document["clock_offset"])
    try:
        table = _table_of(document["conversations"], document["deleted"])
    except ValidationError as error:
        raise problems.invalid(message_of(error)) from None
    return SandboxState(
        table,
        seed=document["seed"],
        pinned_ids=tuple(document["pinned_ids"]),
        frozen_at=document["frozen_at"],
        id_index=document["id_index"],
        clock_offset=document["clock_offset"],
        rules=bind_all(rules_of(document["faults"], max_rules), "rule", clock.time()),
    )


def _table_of(conversations: UnreadObjects, deleted: UnreadObjects) -> Table:
    listed = list(conversations.read(lambda _index, values: Conversation(**values)))
    deletions = list(deleted.read(lambda _index, values: Order(-values["created_at"], values["id"])))

    def path_of(index: int) -> Path:
        is_listed = index < len(listed)
        return ("conversations", index, "id") if is_listed else ("deleted", index - len(listed), "id")

    check_unique([each.id for each in listed] + [each.id for each in deletions], path_of)
    return Table.of((Record(each, encode(each)) for each in listed), deletions)
