"""The conversations of one sandbox, and the only place where they change.

Readers use the current table, a value, and need no lock. Writers take turns: the sandbox holds its lock for them.
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

    def create(self, ids: IdSequence, contact_id: str | None, group_id: str | None, now: int) -> Record:
        """Create a conversation at ``now`` (Unix seconds) under the next free id.

        Raises MissingParticipant and StoreFull, before an id is used up.
        """
        require_participant(contact_id, group_id)
        self._check_room()
        conversation_id = ids.next(self.table.knows)
        return self.write(Conversation.begin(conversation_id, contact_id, group_id, now))

    def put(self, conversation_id: str, attributes: Mapping[str, Any], now: int) -> tuple[Record, bool]:
        """Create a conversation or change any attribute of it, and return whether it is new.

        Raises MissingParticipant and StoreFull.
        """
        is_new = conversation_id not in self.table
        if is_new:
            participants = attributes.get("contact_id"), attributes.get("group_id")
            conversation = Conversation.begin(conversation_id, *participants, now)
            self._check_room()
        else:
            conversation = self.table.get(conversation_id).conversation
        return self.write(replace(conversation, **attributes)), is_new

    def update(self, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        """Change attributes of a conversation in one step. Raises UnknownConversation."""
        return self.write(replace(self.table.get(conversation_id).conversation, **changes))

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good. Raises UnknownConversation."""
        self.table = self.table.remove(conversation_id)

    def write(self, conversation: Conversation) -> Record:
        """Put a conversation into the table, in place of the one with the same id if there is one."""
        record = Record(conversation, self._encode(conversation))
        self.table = self.table.put(record)
        return record

    def _check_room(self) -> None:
        if len(self.table) >= self._capacity:
            raise StoreFull(self._capacity)
