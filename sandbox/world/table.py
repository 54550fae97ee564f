"""All conversations of a sandbox at one moment, as one immutable value.

The list of every filter is kept in order, so a page costs the same among a hundred and among a million conversations.
A change returns a new table that shares nearly all of the old one: a fork, a snapshot or a reset is a reference, and a
reader never sees half of a write.
"""

from __future__ import annotations  # rpds types are generic for type checkers alone

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

from rpds import HashTrieMap

from sandbox.world.conversation import Record
from sandbox.world.errors import UnknownConversation, UnknownCursor
from sandbox.world.memory import DELETION_BYTES, RECORD_BYTES
from sandbox.world.ordered import OrderedMap
from sandbox.world.paging import Filter, Order, Page, Query, filters_of, order_of
from sandbox.world.pause import Pause, no_pause, with_pauses
from sandbox.world.release import Part

MAX_DELETIONS = 100_000
"""The number of deleted ids that still work as cursors; the oldest are forgotten first."""

_FILLED_AT_ONCE = 1024

V = TypeVar("V")

_List = OrderedMap[Order, Record]
_Deletions = OrderedMap[int, Order]

_NOTHING: _List = OrderedMap()
_NO_DELETIONS: _Deletions = OrderedMap()


class Deletion(NamedTuple):
    """A deletion: its number, counted from 0, and the position of the deleted conversation."""

    number: int
    place: Order


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Table:
    """An immutable table of conversations.

    Shape: id → record, filter → records in list order, deleted id → its deletion, number of a deletion → position.
    """

    _records: HashTrieMap[str, Record] = HashTrieMap()
    _lists: HashTrieMap[Filter, _List] = HashTrieMap()
    _deleted: HashTrieMap[str, Deletion] = HashTrieMap()
    _deletions: _Deletions = _NO_DELETIONS
    # A client that polls asks for the same page again and again. All sandboxes that share the table share it.
    _latest: tuple[Query, Page] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, records: Iterable[Record], deletions: Iterable[Order] = (), pause: Pause = no_pause) -> Table:
        """Return the table of ``records``, whose ids differ. This is faster than to put them one by one.

        ``deletions`` are the positions of deleted ids, which still work as cursors, in the order of deletion. ``pause``
        is called again and again.
        """
        by_id = {record.conversation.id: record for record in with_pauses(records, pause)}
        lists: defaultdict[Filter, list[tuple[Order, Record]]] = defaultdict(list)
        for record in with_pauses(by_id.values(), pause):
            listed = order_of(record.conversation), record
            for shown in filters_of(record.conversation):
                lists[shown].append(listed)
        return cls(
            _hash_map(by_id, pause),
            HashTrieMap({shown: OrderedMap(listed, pause) for shown, listed in lists.items()}),
            *_numbered((place for place in deletions if place.id not in by_id), pause),
        )

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, conversation_id: str) -> bool:
        return conversation_id in self._records

    def knows(self, conversation_id: str) -> bool:
        """Return whether this id belongs to a conversation, or to a deleted one that still works as a cursor."""
        return conversation_id in self._records or conversation_id in self._deleted

    def __iter__(self) -> Iterator[Record]:
        """Iterate over all records in list order."""
        return iter(self._listed)

    @property
    def places(self) -> int:
        """The number of conversations, and of deleted ids that still work as cursors."""
        return len(self._records) + len(self._deleted)

    def places_besides(self, others: Iterable[Part]) -> int:
        """Return the number of places that none of ``others`` shares, counted in whole nodes of the ordered maps."""
        seen: set[int] = set()
        for other in others:
            other.see(seen)
        own = chain(self._listed.parts(seen), self._deletions.parts(seen))
        return sum(map(len, own))

    def see(self, seen: set[int]) -> None:
        """Add the nodes of the ordered maps to ``seen`` by their identity."""
        for _ in chain(self._listed.parts(seen), self._deletions.parts(seen)):
            pass

    def taken_apart(self) -> tuple[list[HashTrieMap[str, Any]], list[object]]:
        """Return the maps by id, and the leaves of the ordered maps: all that occupies much memory."""
        maps: list[OrderedMap[Any, Any]] = [*self._lists.values(), self._deletions]
        return [self._records, self._deleted], [leaf for each in maps for leaf in each.leaves()]

    def get(self, conversation_id: str) -> Record:
        """Return the record of this id. Raises UnknownConversation."""
        record = self._records.get(conversation_id)
        if record is None:
            raise UnknownConversation(conversation_id)
        return record

    def deletions(self) -> Iterator[Order]:
        """Iterate over the positions of the deleted ids that still work as cursors, in the order of deletion."""
        return iter(self._deletions)

    def records_besides(self, other: Table) -> Iterator[Record]:
        """Iterate over the records that are none of ``other``, in list order. Those that it shares are skipped fast."""
        seen: set[int] = set()
        for _ in other._listed.parts(seen):
            pass
        for record in chain.from_iterable(self._listed.parts(seen)):
            if other._records.get(record.conversation.id) is not record:
                yield record

    @property
    def memory(self) -> int:
        """About how many bytes the table occupies in memory, what it shares with others included."""
        return len(self) * RECORD_BYTES + len(self._deleted) * DELETION_BYTES

    def memory_besides(self, seen: set[int]) -> int:
        """Return about how many bytes the table occupies in memory, without the objects whose identity is in ``seen``.

        What is counted is added to ``seen``, so that what tables share is counted once.
        """
        size = 0
        for records in self._listed.parts(seen):
            # Sets do this for a hundred thousand records in a few milliseconds.
            added = set(map(id, records)) - seen
            seen |= added
            size += len(added) * RECORD_BYTES
        for deletions in self._deletions.parts(seen):
            added = set(map(id, deletions)) - seen
            seen |= added
            size += len(added) * DELETION_BYTES
        return size

    def page(self, query: Query) -> Page:
        """Return the records that ``query`` selects, in list order.

        Raises UnknownCursor if a cursor names an id that the sandbox never had, or whose deletion is forgotten.
        """
        latest = self._latest
        if latest is not None and latest[0] is query:
            return latest[1]
        page = self._page(query)
        object.__setattr__(self, "_latest", (query, page))
        return page

    @property
    def _listed(self) -> _List:
        """All records in list order."""
        return self._lists.get(Filter(), _NOTHING)

    def _page(self, query: Query) -> Page:
        listed = self._lists.get(query.filter, _NOTHING)
        wanted = query.limit + 1
        if query.ending_before is not None:
            found = listed.before(self._place("ending_before", query.ending_before), wanted)
            has_more = len(found) == wanted
            shown = found[1:] if has_more else found
        else:
            after = query.starting_after
            place = None if after is None else self._place("starting_after", after)
            found = listed.after(place, wanted)
            has_more = len(found) == wanted
            shown = found[:-1] if has_more else found
        return Page(shown, has_more)

    def put(self, record: Record) -> Table:
        """Return this table with ``record``, which replaces the record of the same id."""
        conversation = record.conversation
        old = self._records.get(conversation.id)
        before = set(filters_of(old.conversation)) if old else set()
        after = set(filters_of(conversation))
        place = order_of(conversation)
        lists = self._lists
        if old and order_of(old.conversation) != place:
            lists = _leave(lists, before, order_of(old.conversation))
            before = set()
        lists = _leave(lists, before - after, place)
        for shown in after:
            lists = lists.insert(shown, lists.get(shown, _NOTHING).put(place, record))
        deleted, deletions = _undone(self._deleted, self._deletions, conversation.id)
        return Table(self._records.insert(conversation.id, record), lists, deleted, deletions)

    def remove(self, conversation_id: str) -> Table:
        """Return this table without a conversation, whose id still works as a cursor. Raises UnknownConversation."""
        conversation = self.get(conversation_id).conversation
        place = order_of(conversation)
        number = self._deletions.highest + 1 if self._deletions else 0
        deleted = self._deleted.insert(conversation_id, Deletion(number, place))
        deletions = self._deletions.put(number, place)
        while len(deleted) > MAX_DELETIONS:
            deleted, deletions = _undone(deleted, deletions, deletions.after(None, 1)[0].id)
        lists = _leave(self._lists, set(filters_of(conversation)), place)
        return Table(self._records.remove(conversation_id), lists, deleted, deletions)

    def revised(
        self,
        records: Iterable[Record],
        gone: Iterable[str],
        deletions: Iterable[Order],
        pause: Pause = no_pause,
    ) -> Table:
        """Return this table with ``records``, without the conversations of the ids ``gone``; itself if nothing changes.

        ``deletions`` are all deletions of the new table, as for :meth:`of`. ``pause`` is called again and again.
        """
        table = self
        for conversation_id in with_pauses(gone, pause):
            table = table.remove(conversation_id)
        for record in with_pauses(records, pause):
            table = table.put(record)
        gone_before = (place for place in deletions if place.id not in table)
        deleted, places = _numbered(gone_before, pause)
        if table is self and not deleted and not self._deleted:
            return self
        return replace(table, _deleted=deleted, _deletions=places)

    def _place(self, cursor: str, conversation_id: str) -> Order:
        record = self._records.get(conversation_id)
        if record is not None:
            return order_of(record.conversation)
        deletion = self._deleted.get(conversation_id)
        if deletion is None:
            raise UnknownCursor(cursor, conversation_id)
        return deletion.place


def _hash_map(values: Mapping[str, V], pause: Pause) -> HashTrieMap[str, V]:
    """Return a map of ``values``, which is filled in short steps."""
    items = iter(values.items())
    filled: HashTrieMap[str, V] = HashTrieMap()
    while some := dict(islice(items, _FILLED_AT_ONCE)):
        filled = filled.update(some)
        pause()
    return filled


def _numbered(deletions: Iterable[Order], pause: Pause) -> tuple[HashTrieMap[str, Deletion], _Deletions]:
    """Return the last deletions by id, and their positions by number."""
    latest = deque(with_pauses(deletions, pause), MAX_DELETIONS)
    deleted = {place.id: Deletion(number, place) for number, place in enumerate(with_pauses(latest, pause))}
    places = ((each.number, each.place) for each in with_pauses(deleted.values(), pause))
    return _hash_map(deleted, pause), OrderedMap(places, pause)


def _undone(
    deleted: HashTrieMap[str, Deletion], deletions: _Deletions, conversation_id: str
) -> tuple[HashTrieMap[str, Deletion], _Deletions]:
    deletion = deleted.get(conversation_id)
    if deletion is None:
        return deleted, deletions
    return deleted.remove(conversation_id), deletions.remove(deletion.number)


def _leave(
    lists: HashTrieMap[Filter, _List], filters: set[Filter], place: Order
) -> HashTrieMap[Filter, _List]:
    for shown in filters:
        left = lists[shown].remove(place)
        lists = lists.insert(shown, left) if left else lists.remove(shown)
    return lists
