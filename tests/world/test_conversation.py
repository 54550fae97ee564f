"""The conversation: its documented attributes, and how it begins."""

from dataclasses import FrozenInstanceError, asdict, fields

import pytest

from sandbox.world.conversation import Conversation, Record

DOCUMENTED = [
    "id",
    "contact_id",
    "group_id",
    "pinned_message_id",
    "is_pinned",
    "is_muted",
    "last_active_at",
    "last_opened_at",
    "created_at",
    "archived_at",
]


def test_a_conversation_has_the_documented_attributes_in_the_documented_order() -> None:
    assert [field.name for field in fields(Conversation)] == DOCUMENTED


def test_a_new_conversation_is_not_pinned_not_muted_and_was_never_active_opened_or_archived() -> None:
    assert asdict(Conversation.begin("xgQQXg3hrtjh7AvZ", "c1", "g1", 692233200)) == {
        "id": "xgQQXg3hrtjh7AvZ",
        "contact_id": "c1",
        "group_id": "g1",
        "pinned_message_id": None,
        "is_pinned": False,
        "is_muted": False,
        "last_active_at": None,
        "last_opened_at": None,
        "created_at": 692233200,
        "archived_at": None,
    }


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_conversation_cannot_be_changed_in_place(name: str) -> None:
    conversation = Conversation.begin("a", "c1", None, 1)
    with pytest.raises(FrozenInstanceError):
        setattr(conversation, name, None)


def test_equal_conversations_make_equal_records() -> None:
    one, other = (Record(Conversation.begin("a", "c1", None, 1), b"{}") for _ in range(2))
    assert one == other
    assert one != Record(Conversation.begin("a", "c1", None, 2), b"{}")
