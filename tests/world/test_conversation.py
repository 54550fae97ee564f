"""The documented attributes of a conversation and their initial values."""

from dataclasses import FrozenInstanceError, asdict, fields, replace

import pytest

from sandbox.world.conversation import Conversation, Record, require_participant
from sandbox.world.errors import MissingParticipant

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


def test_attributes_are_the_documented_ones_in_order() -> None:
    assert [field.name for field in fields(Conversation)] == DOCUMENTED


def test_begin_returns_a_conversation_with_the_documented_initial_values() -> None:
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
def test_conversation_is_immutable(name: str) -> None:
    conversation = Conversation.begin("a", "c1", None, 1)
    with pytest.raises(FrozenInstanceError):
        setattr(conversation, name, None)


@pytest.mark.parametrize(("contact_id", "group_id"), [("c", None), (None, "g"), ("c", "g")])
def test_contact_or_group_or_both_are_accepted(contact_id: str | None, group_id: str | None) -> None:
    require_participant(contact_id, group_id)
    conversation = Conversation.begin("a", contact_id, group_id, 1)
    assert (conversation.contact_id, conversation.group_id) == (contact_id, group_id)


def test_conversation_without_participants_is_refused() -> None:
    with pytest.raises(MissingParticipant, match="contact_id or a group_id"):
        require_participant(None, None)
    with pytest.raises(MissingParticipant):
        Conversation.begin("a", None, None, 1)
    with pytest.raises(MissingParticipant):
        replace(Conversation.begin("a", "c1", None, 1), contact_id=None)


def test_records_of_equal_conversations_are_equal() -> None:
    one, other = (Record(Conversation.begin("a", "c1", None, 1), b"{}") for _ in range(2))
    assert one == other
    assert one != Record(Conversation.begin("a", "c1", None, 2), b"{}")
