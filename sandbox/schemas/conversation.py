"""The conversation object: its keys in the documented order, and its JSON."""

import json
from typing import Any

from marshmallow import Schema

from sandbox.schemas.fields import Flag, Id, Timestamp
from sandbox.world.conversation import Conversation


class ConversationSchema(Schema):
    """A conversation in responses.

    Source: the documented responses of "Search", "List all sound effects" and "Retrieve a sound".
    """

    id = Id(required=True, metadata={"description": "Unique identifier for the conversation."})
    contact_id = Id(
        required=True,
        allow_none=True,
        metadata={"description": "Unique identifier for the other contact in the conversation."},
    )
    group_id = Id(
        required=True,
        allow_none=True,
        metadata={"description": "Unique identifier for the group that the conversation belongs to."},
    )
    pinned_message_id = Id(
        required=True, allow_none=True, metadata={"description": "Unique identifier for the pinned message."}
    )
    is_pinned = Flag(
        required=True, metadata={"description": "Whether or not the conversation has been pinned."}
    )
    is_muted = Flag(
        required=True, metadata={"description": "Whether or not the conversation has been muted."}
    )
    last_active_at = Timestamp(
        required=True, allow_none=True, metadata={"description": "When the conversation was last active."}
    )
    last_opened_at = Timestamp(
        required=True, allow_none=True, metadata={"description": "When the conversation was last opened."}
    )
    created_at = Timestamp(required=True, metadata={"description": "When the conversation was created."})
    archived_at = Timestamp(
        required=True, allow_none=True, metadata={"description": "When the conversation was archived."}
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return the attribute; a conversation has all of them, so the default is never needed."""
        return getattr(obj, attr)


_SCHEMA = ConversationSchema()
_JSON = json.JSONEncoder(separators=(",", ":"))
_from_json = json.JSONDecoder().decode


def encode(conversation: Conversation) -> bytes:
    """Return the JSON of ``conversation``: UTF-8, compact, keys in the documented order."""
    return _JSON.encode(_SCHEMA.dump(conversation)).encode()


def decode(text: bytes) -> Conversation:
    """Return the conversation that :func:`encode` made ``text`` of. It is not validated."""
    return Conversation(**_from_json(text.decode()))
