"""The conversations of one sandbox, and the only place where they change.

Readers use the current table, a value, and need no lock. Writers take turns: the sandbox holds its lock for them. A
write is two steps: it asks for the record that it makes, and puts it. In between it may be written elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.world.conversation import Conversation, Record, require_participant
from sandbox.world.errors import StoreFull
from sandbox.world.ids import IdSequence
from sandbox.world.table import Table

Encode = Callable[[Conversation], bytes]
"""Returns the JSON of a conversation. It is passed in, since the schema that makes it is not part of the domain."""


class Store:
    """The conversations of one sandbox. ``capacity`` bounds their number after a create; ``table`` holds them."""

    __slots__ = ("_capacity", "_encode", "table")

    def __init__(self, table: Table, encode: Encode, capacity: int) -> None:
        self.table = table
        self._encode = encode
        self._capacity = capacity

    def created(
        self, ids: IdSequence, contact_id: str | None, group_id: str | None, now: int
    ) -> tuple[Record, int]:
        """Return a new conversation at ``now`` (Unix seconds) with the next free id, and the index behind that id.

        Raises MissingParticipant and StoreFull.
        """
        require_participant(contact_id, group_id)
        self._check_room()
        conversation_id, index = ids.draw(self.table.knows)
        return self.record(Conversation.begin(conversation_id, contact_id, group_id, now)), index

    def arranged(self, conversation_id: str, attributes: Mapping[str, Any], now: int) -> tuple[Record, bool]:
        """Return a conversation with any attribute changed, and whether it is new.

        Raises MissingParticipant and StoreFull.
        """
        is_new = conversation_id not in self.table
        if is_new:
            participants = attributes.get("contact_id"), attributes.get("group_id")
            conversation = Conversation.begin(conversation_id, *participants, now)
            self._check_room()
        else:
            conversation = self.table.get(conversation_id).conversation
        return self.record(replace(conversation, **attributes)), is_new

    def updated(self, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        """Return a conversation with attributes changed. Raises UnknownConversation."""
        return self.record(replace(self.table.get(conversation_id).conversation, **changes))

    def record(self, conversation: Conversation) -> Record:
        """Return a conversation with its JSON."""
        return Record(conversation, self._encode(conversation))

    def put(self, record: Record) -> None:
        """Put a conversation into the table, in place of the one with the same id if there is one."""
        self.table = self.table.put(record)

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good. Raises UnknownConversation."""
        self.table = self.table.remove(conversation_id)

    def _check_room(self) -> None:
        if len(self.table) >= self._capacity:
            raise StoreFull(self._capacity)
