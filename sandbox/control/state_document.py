"""The state document: a whole sandbox as JSON."""

import math
from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, ValidationError

from sandbox import problems
from sandbox.control.rule_state import RuleState, ServerRuleState, imported_counters, imported_rules
from sandbox.faults.rule_document import rules_of
from sandbox.schemas.conversation import ConversationSchema, encode
from sandbox.schemas.error_messages import Path, message_of
from sandbox.schemas.fields import Id, IdList, Number, Timestamp, WholeNumber
from sandbox.schemas.object_list import ObjectList, UnreadObjects
from sandbox.schemas.unique_ids import check_unique
from sandbox.world.clock import LATEST_TIMESTAMP, Clock
from sandbox.world.conversation import Conversation, Record
from sandbox.world.paging import Order
from sandbox.world.rules import Rule, check_room
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
    faults = ObjectList(RuleState(), "a rule", required=True)
    server_faults = ObjectList(ServerRuleState(), "the counters of a rule")
    conversations = ObjectList(ConversationSchema(), "a conversation", required=True)
    deleted = ObjectList(Deletion(), "a deletion", max_items=MAX_DELETIONS, required=True)


def state_of(
    document: dict[str, Any],
    max_rules: int,
    now: float,
    server_rules: Iterable[Rule] = (),
    max_rule_bytes: float = math.inf,
) -> SandboxState:
    """Return the state that a loaded document describes. ``now`` is the machine's time in Unix seconds.

    ``server_rules`` are those that apply in every sandbox, which the document may have counters of.

    Raises Problem 400, which names what is wrong with its place, RulesFull where there are more than ``max_rules``, and
    RulesTooLarge where they occupy more than ``max_rule_bytes`` of memory.
    """
    clock = Clock(lambda: now, document["frozen_at"], document["clock_offset"])
    saved = rules_of(document["faults"], max_rules)
    check_room([each.unbound for each in saved], max_rules, max_rule_bytes)
    try:
        table = _table_of(document["conversations"], document["deleted"])
        rules, counters = imported_rules(saved, clock.time())
        if "server_faults" in document:
            counters += tuple(imported_counters(document["server_faults"], server_rules))
    except ValidationError as error:
        raise problems.invalid(message_of(error)) from None
    return SandboxState(
        table,
        seed=document["seed"],
        pinned_ids=tuple(document["pinned_ids"]),
        frozen_at=document["frozen_at"],
        id_index=document["id_index"],
        clock_offset=document["clock_offset"],
        rules=rules,
        counters=counters,
    )


def _table_of(conversations: UnreadObjects, deleted: UnreadObjects) -> Table:
    listed = list(conversations.read(lambda _index, values: Conversation(**values)))
    deletions = list(deleted.read(lambda _index, values: Order(-values["created_at"], values["id"])))

    def path_of(index: int) -> Path:
        is_listed = index < len(listed)
        return ("conversations", index, "id") if is_listed else ("deleted", index - len(listed), "id")

    check_unique([each.id for each in listed] + [each.id for each in deletions], path_of)
    return Table.of((Record(each, encode(each)) for each in listed), deletions)
