"""The conversations of a sandbox, arranged past the API: any attribute, also those that the API does not accept."""

from typing import TypedDict, Unpack
from urllib.parse import quote

from protocol_sandbox.control_client import ControlClient


class Attributes(TypedDict, total=False):
    """The attributes of a conversation that may be arranged. Times are Unix seconds."""

    contact_id: str | None
    group_id: str | None
    pinned_message_id: str | None
    is_pinned: bool
    is_muted: bool
    last_active_at: int | None
    last_opened_at: int | None
    created_at: int
    archived_at: int | None


class Conversation(Attributes):
    """A conversation as the API shows it."""

    id: str


class Conversations:
    """The conversations of one sandbox."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def put(self, conversation_id: str, **attributes: Unpack[Attributes]) -> Conversation:
        """Create the conversation, or change these attributes of it; return it whole. Raises ControlError."""
        path = f"/__admin/conversations/{quote(conversation_id, safe='')}"
        made: Conversation = self._control.put(path, dict(attributes))
        return made
