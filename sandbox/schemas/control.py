"""What the control API takes, beside conversations."""

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from sandbox.operations import OPERATIONS
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.fields import (
    Choice,
    Flag,
    Name,
    Number,
    WholeNumber,
)
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.journal import KNOWN_METHODS, OTHER_METHOD


class Reset(Schema):
    """Where a reset leads to; by default to the server's scenario and its seed."""

    scenario = Name(
        metadata={"description": "A built-in scenario instead of the server's own.", "example": "blank"}
    )
    seed = WholeNumber(0, 2**63 - 1, metadata={"description": "Another seed than the scenario's own."})


class ResetQuery(Schema):
    """How far a reset goes."""

    all = Flag(load_default=False, metadata={"description": "Reset every sandbox, not only the caller's."})


class JournalFilter(Schema):
    """Which calls of the journal are meant. All combine (AND)."""

    operation = Choice(
        [operation.id for operation in OPERATIONS], metadata={"description": "Only calls of this operation."}
    )
    method = Choice(
        [*sorted(KNOWN_METHODS), OTHER_METHOD], metadata={"description": "Only calls with this method."}
    )
    status = WholeNumber(
        100, 599, metadata={"description": "Only calls that were answered with this status."}
    )


class JournalQuery(JournalFilter):
    """Which calls of the journal are shown."""

    limit = WholeNumber(
        1, 10_000, load_default=100, metadata={"description": "Show at most so many, the newest first."}
    )


class ClockChange(Schema):
    """One change of the clock."""

    action = Choice(["freeze", "advance", "resume"], required=True, metadata={"description": "What to do."})
    at = Number(
        0,
        LATEST_TIMESTAMP,
        metadata={"description": "For freeze: where to stand still; by default where the clock is."},
    )
    seconds = Number(0, LATEST_TIMESTAMP, metadata={"description": "For advance: how far to jump ahead."})

    @validates_schema(skip_on_field_errors=True)
    def _fits(self, data: dict[str, Any], **_: Any) -> None:
        action = data["action"]
        if "at" in data and action != "freeze":
            raise ValidationError("at goes with the action freeze only.")
        if ("seconds" in data) != (action == "advance"):
            raise ValidationError("seconds goes with the action advance, which needs it, and with no other.")


class Arrangement(ConversationSchema):
    """Any attribute of a conversation but its id, all optional. A new one needs contact_id or group_id."""

    class Meta:
        exclude = ("id",)
