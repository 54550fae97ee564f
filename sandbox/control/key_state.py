"""Idempotency keys in the state document: each with the conversation that its create made, as it was then."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from marshmallow import Schema, post_load

from sandbox.schemas.conversation import ConversationSchema, encode
from sandbox.schemas.error_messages import error_at
from sandbox.schemas.fields import IdempotencyKey, Number
from sandbox.schemas.nested_object import NestedObject
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import MissingParticipant
from sandbox.world.idempotency import StoredAnswer


class KeyState(Schema):
    """An idempotency key and its answer. Loaded as a StoredAnswer."""

    key = IdempotencyKey(required=True)
    at = Number(
        0,
        LATEST_TIMESTAMP,
        required=True,
        metadata={
            "description": "When the create was made, in Unix seconds; the key is forgotten 24 hours later."
        },
    )
    conversation = NestedObject(
        ConversationSchema(),
        required=True,
        metadata={"description": "What the create made, and what is answered again."},
    )

    @post_load
    def _loaded(self, data: dict[str, Any], **_: Any) -> StoredAnswer:
        try:
            conversation = Conversation(**data["conversation"])
        except MissingParticipant as error:
            raise error_at(["conversation"], f"{error}.") from None
        return StoredAnswer(data["key"], Record(conversation, encode(conversation)), data["at"])


def exported_keys(keys: Iterable[StoredAnswer]) -> Iterator[bytes]:
    """Iterate over the keys as JSON, the oldest first."""
    for key, record, at in keys:
        # The JSON of the conversation was made when it was written.
        yield b'{"key": %b, "at": %b, "conversation": %b}' % (_json(key), _json(at), record.json)


def _json(value: str | float) -> bytes:
    return json.dumps(value).encode()
