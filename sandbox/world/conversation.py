"""The conversation: a frozen record and its documented transitions."""

from dataclasses import dataclass
from typing import NamedTuple

from sandbox.world.errors import MissingParticipant


def require_participant(contact_id: str | None, group_id: str | None) -> None:
    """Check that a conversation has a contact, a group or both. Raises MissingParticipant."""
    if contact_id is None and group_id is None:
        raise MissingParticipant


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, its attributes in the order of the documentation.

    Times are Unix seconds. Raises MissingParticipant if there is neither a contact nor a group.
    Source: the documented responses of "Search" and "Retrieve a sound".
    """

    id: str
    contact_id: str | None
    group_id: str | None
    pinned_message_id: str | None
    is_pinned: bool
    is_muted: bool
    last_active_at: int | None
    last_opened_at: int | None
    created_at: int
    archived_at: int | None

    def __post_init__(self) -> None:
        require_participant(self.contact_id, self.group_id)

    @classmethod
    def begin(
        cls, conversation_id: str, contact_id: str | None, group_id: str | None, now: int
    ) -> "Conversation":
        """Return a new conversation: not pinned, not muted, never active or opened. Raises MissingParticipant."""
        # By position, which is faster.
        return cls(conversation_id, contact_id, group_id, None, False, False, None, None, now, None)  # noqa: FBT003


class Record(NamedTuple):
    """A conversation and its JSON, which is encoded once, when the conversation is written."""

    conversation: Conversation
    json: bytes
