"""The arguments of the control API, except fault rules and state documents."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validates_schema

from sandbox.operations import OPERATIONS
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.fields import (
    Choice,
    Flag,
    Id,
    IdList,
    LastId,
    Name,
    NameOfWorld,
    Number,
    WholeNumber,
)
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.journal import KNOWN_METHODS, OTHER_METHOD

RULE_ID = {"description": "Unique identifier for the rule.", "pattern": "^(server-)?rule-[0-9]+$"}
SNAPSHOT_ID = {"description": "Unique identifier for the snapshot.", "pattern": "^snapshot-[0-9]+$"}
SANDBOX_ID = {
    "description": "Unique identifier for the sandbox, which does not reveal its token.",
    "pattern": "^[0-9a-f]{16}([0-9a-f]{16})?$",
}


MAX_TTL_SECONDS = 31_536_000
"""The longest lifetime of a declared world: a year."""


class RulePath(Schema):
    """The parameter of the path of a fault rule."""

    rule_id = fields.String(required=True, metadata=RULE_ID)


class SnapshotPath(Schema):
    """The parameter of the path of a snapshot."""

    snapshot_id = fields.String(required=True, metadata=SNAPSHOT_ID)


class SandboxPath(Schema):
    """The parameter of the path of a sandbox."""

    sandbox_id = fields.String(required=True, metadata=SANDBOX_ID)


class ArrangementPath(Schema):
    """The parameter of the path of a conversation that is arranged."""

    conversation_id = Id(required=True, metadata={"description": "Unique identifier for the conversation."})


class Reset(Schema):
    """The scenario and the seed of a reset; by default those of the server."""

    scenario = Name(
        metadata={"description": "A built-in scenario instead of the server's own.", "example": "blank"}
    )
    seed = WholeNumber(0, 2**63 - 1, metadata={"description": "A seed instead of the scenario's own."})


class WorldDeclaration(Reset):
    """A world that is declared: its name, its initial state and its lifetime."""

    name = NameOfWorld(metadata={"description": "The name of the world; by default a new one."})
    ttl_seconds = WholeNumber(
        1,
        MAX_TTL_SECONDS,
        metadata={"description": "The seconds after which the world ends, on the clock of the machine."},
    )


class ResetQuery(Schema):
    """The scope of a reset."""

    all = Flag(load_default=False, metadata={"description": "Reset every sandbox, not only the caller's."})


class RuleOrder(Schema):
    """The order of all fault rules."""

    ids = IdList(
        required=True, metadata={"description": "The id of each rule, in the order in which they are tried."}
    )


class JournalFilter(Schema):
    """A filter of the journal. All conditions combine (AND)."""

    operation = Choice(
        [operation.id for operation in OPERATIONS], metadata={"description": "Only calls of this operation."}
    )
    method = Choice(
        [*sorted(KNOWN_METHODS), OTHER_METHOD], metadata={"description": "Only calls with this method."}
    )
    status = WholeNumber(100, 599, metadata={"description": "Only calls whose response had this status."})


class JournalQuery(JournalFilter):
    """A filter of the journal, and a limit."""

    limit = WholeNumber(
        1, 10_000, load_default=100, metadata={"description": "The most calls that are shown, newest first."}
    )


class StreamQuery(JournalFilter):
    """A filter of the journal's stream, and its beginning."""

    after = LastId(
        metadata={
            "description": "Begin after the call with this id, or, if it is empty, with the first call in the journal; "
            "by default with the next call. The header Last-Event-ID comes before it."
        }
    )
    all = Flag(
        load_default=False, metadata={"description": "The calls of every sandbox, not only the caller's."}
    )


class ClockChange(Schema):
    """A change of the clock."""

    openapi: ClassVar = {
        "oneOf": [
            {"properties": {"action": {"const": "freeze"}, "seconds": False}},
            {"properties": {"action": {"const": "advance"}, "at": False}, "required": ["seconds"]},
            {"properties": {"action": {"const": "resume"}, "at": False, "seconds": False}},
        ]
    }

    action = Choice(
        ["freeze", "advance", "resume"], required=True, metadata={"description": "The change to make."}
    )
    at = Number(
        0,
        LATEST_TIMESTAMP,
        metadata={"description": "For freeze: the time to freeze at; by default the current time."},
    )
    seconds = Number(0, LATEST_TIMESTAMP, metadata={"description": "For advance: the seconds to jump ahead."})

    @validates_schema(skip_on_field_errors=True)
    def _check_action(self, data: dict[str, Any], **_: Any) -> None:
        action = data["action"]
        if "at" in data and action != "freeze":
            raise ValidationError("at goes with the action freeze only.")
        if ("seconds" in data) != (action == "advance"):
            raise ValidationError("seconds goes with the action advance, which needs it, and with no other.")


class Arrangement(ConversationSchema):
    """Any attribute of a conversation except its id, all optional."""

    class Meta:
        exclude = ("id",)
