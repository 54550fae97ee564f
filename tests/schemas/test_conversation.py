"""The conversation object and its JSON."""

import json
from dataclasses import fields

from sandbox.schemas.conversation import ConversationSchema, decode, encode
from sandbox.world.conversation import Conversation

DOCUMENTED = (
    '{"id":"xgQQXg3hrtjh7AvZ","contact_id":"WAz8eIbvDR60rouK","group_id":null,"pinned_message_id":null,'
    '"is_pinned":false,"is_muted":false,"last_active_at":705103200,"last_opened_at":705103200,'
    '"created_at":692233200,"archived_at":null}'
)


def test_the_json_is_compact_and_in_the_documented_order() -> None:
    conversation = Conversation(
        id="xgQQXg3hrtjh7AvZ",
        contact_id="WAz8eIbvDR60rouK",
        group_id=None,
        pinned_message_id=None,
        is_pinned=False,
        is_muted=False,
        last_active_at=705103200,
        last_opened_at=705103200,
        created_at=692233200,
        archived_at=None,
    )
    assert encode(conversation) == DOCUMENTED.encode()


def test_every_value_is_encoded() -> None:
    conversation = Conversation("a", None, "g", "m", True, True, 0, 1, 2, 253402300799)
    assert json.loads(encode(conversation)) == {
        "id": "a",
        "contact_id": None,
        "group_id": "g",
        "pinned_message_id": "m",
        "is_pinned": True,
        "is_muted": True,
        "last_active_at": 0,
        "last_opened_at": 1,
        "created_at": 2,
        "archived_at": 253402300799,
    }


def test_the_schema_has_the_attributes_of_the_record_in_the_same_order() -> None:
    assert list(ConversationSchema().fields) == [attribute.name for attribute in fields(Conversation)]


def test_the_schema_loads_its_own_output() -> None:
    shape = json.loads(DOCUMENTED)
    assert ConversationSchema().load(shape) == shape
    assert ConversationSchema().validate({}).keys() == shape.keys()


def test_a_conversation_can_be_decoded_again() -> None:
    conversation = Conversation('a"\n', "ö", None, None, False, True, 0, None, -2, 7)
    assert decode(encode(conversation)) == conversation
