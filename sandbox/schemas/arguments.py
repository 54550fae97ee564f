"""The arguments of each operation: schemas for validation and for the OpenAPI document."""

from typing import Any

from marshmallow import Schema, ValidationError, post_load, validates_schema

from sandbox.schemas.fields import Flag, Id, IdempotencyKey, Timestamp, WholeNumber
from sandbox.world.paging import ARCHIVED, MUTED, PINNED, Filter, Query

DEFAULT_LIMIT = 50
"""Source: "By default, a maximum of 50 tracks are shown per page"."""
MAXIMUM_LIMIT = 100
IDEMPOTENCY_KEY = "Idempotency-Key"


class NoArguments(Schema):
    """No arguments: the schema of a query or a body that must be empty."""


class ConversationPath(Schema):
    """The parameter of the path of a conversation."""

    id = Id(required=True, metadata={"description": "Unique identifier for the conversation."})


class CreateConversation(Schema):
    """The attributes of a create call. Source: "Required attributes" of "Search"."""

    contact_id = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "Unique identifier for the other contact in the conversation."},
    )
    group_id = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "Unique identifier for the group that the conversation belongs to."},
    )


def _idempotency_key(**presence: Any) -> IdempotencyKey:
    return IdempotencyKey(
        data_key=IDEMPOTENCY_KEY,
        allow_none=False,
        metadata={
            "description": "A text that is new for each create, so that a create can be repeated: with the same key "
            "and the same attributes, it is answered as the first time, and creates nothing. A key is forgotten after "
            "24 hours."
        },
        **presence,
    )


class CreateHeaders(Schema):
    """The headers of a create call. Undocumented, our decision."""

    idempotency_key = _idempotency_key(load_default=None)


class RequiredCreateHeaders(Schema):
    """The headers of a create call on a server that requires an idempotency key."""

    idempotency_key = _idempotency_key(required=True)


class UpdateConversation(Schema):
    """The attributes of an update call, all optional. Source: the update section of the same documentation."""

    pinned_message_id = Id(
        allow_none=True, metadata={"description": "Unique identifier for the pinned message; null unpins it."}
    )
    is_pinned = Flag(metadata={"description": "Whether or not the conversation is pinned."})
    is_muted = Flag(metadata={"description": "Whether or not the conversation is muted."})
    archived_at = Timestamp(
        allow_none=True, metadata={"description": "When the conversation was archived; null brings it back."}
    )


class ListConversations(Schema):
    """The query of a list call. Source: "Optional attributes" of "List all sound effects"; the cursors come from
    the pagination page of the same documentation.
    """

    limit = WholeNumber(
        1,
        MAXIMUM_LIMIT,
        load_default=DEFAULT_LIMIT,
        metadata={"description": "Limit the number of conversations returned.", "example": 10},
    )
    muted = Flag(metadata={"description": "Only show conversations that are muted when set to true."})
    archived = Flag(metadata={"description": "Only show conversations that are archived when set to true."})
    pinned = Flag(metadata={"description": "Only show conversations that are pinned when set to true."})
    group_id = Id(metadata={"description": "Only show conversations for the specified group."})
    starting_after = Id(
        metadata={
            "description": "Show the page that follows the conversation with this id, which may be deleted by now. "
            "Not together with ending_before."
        }
    )
    ending_before = Id(
        metadata={
            "description": "Show the page right before the conversation with this id, which may be deleted by now, "
            "in list order. Not together with starting_after."
        }
    )

    @validates_schema
    def _check_cursors(self, data: dict[str, Any], **_: Any) -> None:
        if "starting_after" in data and "ending_before" in data:
            raise ValidationError("Give starting_after or ending_before, not both.")

    @post_load
    def _query(self, data: dict[str, Any], **_: Any) -> Query:
        flags = MUTED * data.get("muted", False)
        flags |= ARCHIVED * data.get("archived", False)
        flags |= PINNED * data.get("pinned", False)
        selected = Filter(flags, data.get("group_id"))
        return Query(data["limit"], selected, data.get("starting_after"), data.get("ending_before"))
