"""The store: the one place where a sandbox's conversations change.

Readers take the current table, a value, and need no lock. Writers take turns, so no update is lost.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any

from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import StoreFull
from sandbox.world.paging import Page, Query
from sandbox.world.table import Table

Encode = Callable[[Conversation], bytes]
"""The JSON of a conversation. Passed in: the schema that makes it is not the domain's."""


class Store:
    """The conversations of one sandbox: get, page, put, delete, fork, export.

    ``capacity`` bounds how many conversations there may be after a create.
    """

    __slots__ = ("_encode", "_lock", "_table", "capacity")

    def __init__(self, table: Table, encode: Encode, capacity: int) -> None:
        self._table = table
        self._encode = encode
        self._lock = Lock()
        self.capacity = capacity

    def get(self, conversation_id: str) -> Record:
        """The record of this id. Raises UnknownConversation."""
        return self._table.get(conversation_id)

    def page(self, query: Query) -> Page:
        """The records that ``query`` asks for. Raises UnknownCursor."""
        return self._table.page(query)

    def put(
        self, conversation_id: str, make: Callable[[Conversation | None], Conversation]
    ) -> tuple[Record, bool]:
        """Write what ``make`` answers when told what has this id now. Answers also whether it is new.

        Raises StoreFull.
        """
        with self._lock:
            old = self._table.get(conversation_id).conversation if conversation_id in self._table else None
            made = make(old)
            if old is None:
                self._need_room()
            return self._put(made), old is None

    def create(self, make: Callable[[Callable[[str], bool]], Conversation]) -> Record:
        """Put in the conversation that ``make`` answers when told which ids are taken, by deleted ones too.

        Raises StoreFull.
        """
        with self._lock:
            self._need_room()
            return self._put(make(self._table.knows))

    def update(self, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        """Change attributes of a conversation, all in one step. Raises UnknownConversation."""
        with self._lock:
            return self._put(replace(self._table.get(conversation_id).conversation, **changes))

    def delete(self, conversation_id: str) -> None:
        """Remove a conversation for good. Raises UnknownConversation."""
        with self._lock:
            self._table = self._table.remove(conversation_id)

    def export(self) -> Table:
        """All conversations at this moment, as a value that no later write changes."""
        return self._table

    @contextmanager
    def still(self) -> Iterator[Table]:
        """All conversations, in a block during which nobody writes."""
        with self._lock:
            yield self._table

    def fork(self) -> "Store":
        """A store of its own that starts with what this one holds. Costs a reference."""
        return Store(self._table, self._encode, self.capacity)

    def _need_room(self) -> None:
        if len(self._table) >= self.capacity:
            raise StoreFull(self.capacity)

    def _put(self, conversation: Conversation) -> Record:
        record = Record(conversation, self._encode(conversation))
        self._table = self._table.put(record)
        return record
