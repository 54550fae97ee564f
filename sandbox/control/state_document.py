"""The state document: a whole sandbox as JSON."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError

from sandbox.control.key_state import KeyState
from sandbox.faults.rule_state import (
    RuleState,
    SavedRule,
    ServerRuleState,
    imported_counters,
    imported_rules,
)
from sandbox.problems import quoted
from sandbox.schemas.conversation import ConversationSchema, encode
from sandbox.schemas.error_messages import MAX_EXPLAINED, Path, error_at, place_of
from sandbox.schemas.fields import Id, IdList, Number, Timestamp, WholeNumber
from sandbox.schemas.json_stream import JsonStream
from sandbox.schemas.loading import load
from sandbox.schemas.nested_object import NestedObject
from sandbox.schemas.object_list import ObjectList, UnreadObjects
from sandbox.world.clock import LATEST_TIMESTAMP, Clock
from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import KeysFull, RulesFull, RulesTooLarge, StoreFull
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.paging import Order
from sandbox.world.pause import Pause, no_pause
from sandbox.world.pulse import Story
from sandbox.world.rules import Rule, RuleCounters
from sandbox.world.state import SandboxState
from sandbox.world.table import MAX_DELETIONS, Table

VERSION = 1
"""The version of the format; another format will have another version."""
MAX_PINNED_IDS = 100_000
MAX_SERVER_RULES = 20_000
MAX_VALUE_LENGTH = 65_536
"""Largest number of characters of one value or one item of a list, with its white space; rules have their own limit."""

T = TypeVar("T")


class Deletion(Schema):
    """The place of a deleted conversation, whose id still works as a cursor."""

    id = Id(required=True)
    created_at = Timestamp(required=True)


class StoryPlace(Schema):
    """The place of a sandbox with a pulse in its story: when it began, and until when it has been told."""

    since = Timestamp(required=True)
    until = Timestamp(required=True)


class StateDocument(Schema):
    """A whole sandbox: the response of an export, and the body of an import."""

    version = WholeNumber(VERSION, VERSION, required=True)
    seed = WholeNumber(0, 2**63 - 1, required=True)
    pinned_ids = IdList(max_items=MAX_PINNED_IDS, required=True)
    id_index = WholeNumber(0, 2**63 - 1, required=True)
    frozen_at = Number(0, LATEST_TIMESTAMP, required=True, allow_none=True)
    clock_offset = Number(-LATEST_TIMESTAMP, LATEST_TIMESTAMP, required=True)
    faults = ObjectList(RuleState(), "a rule", required=True)
    server_faults = ObjectList(ServerRuleState(), "the counters of a rule", max_items=MAX_SERVER_RULES)
    idempotency_keys = ObjectList(KeyState(), "an idempotency key")
    story = NestedObject(StoryPlace())
    conversations = ObjectList(ConversationSchema(), "a conversation", required=True)
    deleted = ObjectList(Deletion(), "a deletion", max_items=MAX_DELETIONS, required=True)


_SCHEMA = StateDocument()


@dataclass(frozen=True, slots=True)
class Room:
    """The room of a sandbox: the limits that an import must keep. ``rule_bytes`` is memory."""

    conversations: int
    rules: int
    rule_bytes: int
    idempotency_keys: int


def read_state(
    stream: JsonStream, room: Room, now: float, server_rules: Iterable[Rule] = (), pause: Pause = no_pause
) -> SandboxState:
    """Return the state that a document describes, which is read while it arrives.

    ``now`` is the machine's time in Unix seconds. ``server_rules`` are those that apply in every sandbox, which the
    document may have counters of. ``pause`` is called again and again.

    Reading ends at the first item that is invalid or for which there is no room, and at as many unknown attributes as a
    message explains. Raises ValidationError, StoreFull, RulesFull, RulesTooLarge, KeysFull, and what a JsonStream
    raises.
    """
    lists = _Lists(stream, room, server_rules)
    try:
        document = load(_SCHEMA, _attributes(stream, lists), "this body")
        clock = Clock(lambda: now, document["frozen_at"], document["clock_offset"])
        rules, counters = imported_rules(lists.rules, clock.time())
        return SandboxState(
            Table.of(lists.records, lists.deletions, pause),
            seed=document["seed"],
            pinned_ids=tuple(lists.pinned_ids),
            frozen_at=document["frozen_at"],
            id_index=document["id_index"],
            clock_offset=document["clock_offset"],
            rules=rules,
            counters=(*counters, *lists.server_counters),
            idempotency_keys=IdempotencyKeys.of(lists.keys, pause),
            story=Story(**document["story"]) if "story" in document else None,
        )
    finally:
        lists.release(pause)


def _attributes(stream: JsonStream, lists: "_Lists") -> dict[str, Any]:
    """Return the attributes of the document. A list that is read item by item is empty in it."""
    attributes: dict[str, Any] = {}
    unknown = 0
    for name in stream.names():
        if name in attributes:
            raise error_at([name], "is given twice; give it once.")
        read = lists.readers.get(name)
        if read is not None and stream.is_list():
            read()
            attributes[name] = []
            continue
        attributes[name] = stream.value(MAX_VALUE_LENGTH)
        unknown += name not in _SCHEMA.fields
        if unknown == MAX_EXPLAINED:
            break
    return attributes


@dataclass(slots=True)
class _Lists:
    """The lists of a document, which are read item by item."""

    stream: JsonStream
    room: Room
    server_rules: Iterable[Rule]
    records: list[Record] = field(default_factory=list)
    deletions: list[Order] = field(default_factory=list)
    rules: list[SavedRule] = field(default_factory=list)
    server_counters: list[RuleCounters] = field(default_factory=list)
    pinned_ids: list[str] = field(default_factory=list)
    keys: list[StoredAnswer] = field(default_factory=list)
    rule_bytes: int = 0
    places: dict[str, Path] = field(default_factory=dict)

    @property
    def readers(self) -> dict[str, Callable[[], None]]:
        """The functions that read the next value of the stream, by the name of the list."""
        return {
            "conversations": self._read_conversations,
            "deleted": self._read_deletions,
            "faults": self._read_rules,
            "server_faults": self._read_server_counters,
            "pinned_ids": self._read_pinned_ids,
            "idempotency_keys": self._read_keys,
        }

    def release(self, pause: Pause) -> None:
        """Forget what was read in short steps: to free a hundred thousand objects at once would take long."""
        while self.places:
            for _ in range(min(1000, len(self.places))):
                self.places.popitem()
            pause()
        for items in (self.records, self.deletions, self.keys):
            while items:
                del items[-1000:]
                pause()

    def _read_conversations(self) -> None:
        def make(index: int, values: dict[str, Any]) -> Record:
            conversation = Conversation(**values)
            self._check_unique(conversation.id, ("conversations", index, "id"))
            return Record(conversation, encode(conversation))

        self.records += self._objects("conversations", self.room.conversations, StoreFull, make)

    def _read_deletions(self) -> None:
        def make(index: int, values: dict[str, Any]) -> Order:
            self._check_unique(values["id"], ("deleted", index, "id"))
            return Order(-values["created_at"], values["id"])

        self.deletions += self._objects("deleted", MAX_DELETIONS, _too_many("deleted"), make)

    def _read_keys(self) -> None:
        indexes: dict[str, int] = {}

        def make(index: int, stored: StoredAnswer) -> StoredAnswer:
            other = indexes.setdefault(stored.key, index)
            if other != index:
                raise error_at(["key"], f"is {quoted(stored.key)}, as is idempotency_keys[{other}].key.")
            return stored

        self.keys += self._objects("idempotency_keys", self.room.idempotency_keys, KeysFull, make)

    def _read_rules(self) -> None:
        def make(_index: int, saved: SavedRule) -> SavedRule:
            self.rule_bytes += saved.unbound.size
            if self.rule_bytes > self.room.rule_bytes:
                raise RulesTooLarge(self.room.rule_bytes)
            return saved

        self.rules += self._objects("faults", self.room.rules, RulesFull, make, self._max_rule_length)

    def _read_server_counters(self) -> None:
        # Kept are only those of rules that this server has, so there need be no room for the others.
        too_many = _too_many("server_faults")
        saved = self._objects(
            "server_faults", MAX_SERVER_RULES, too_many, lambda _index, each: each, self._max_rule_length
        )
        self.server_counters += imported_counters(saved, self.server_rules)

    @property
    def _max_rule_length(self) -> int:
        """Largest number of characters of one rule."""
        # An export may write six for one: \\u0001.
        return max(MAX_VALUE_LENGTH, 6 * self.room.rule_bytes)

    def _read_pinned_ids(self) -> None:
        def ids() -> Iterator[str]:
            attribute = Id()
            for index, item in enumerate(self.stream.items(MAX_VALUE_LENGTH)):
                try:
                    yield attribute.deserialize(item)
                except ValidationError as error:
                    raise error_at(("pinned_ids", index), error.messages[0]) from None

        self.pinned_ids += _bounded(ids(), MAX_PINNED_IDS, _too_many("pinned_ids"))

    def _objects(
        self,
        name: str,
        capacity: int,
        full: Callable[[int], Exception],
        make: Callable[[int, Any], T],
        limit: int = MAX_VALUE_LENGTH,
    ) -> Iterator[T]:
        attribute = _SCHEMA.fields[name]
        assert isinstance(attribute, ObjectList)
        items = _bounded(self.stream.items(limit), capacity, full)
        return UnreadObjects(name, attribute.schema, attribute.subject, items).read(make)

    def _check_unique(self, conversation_id: str, path: Path) -> None:
        other = self.places.setdefault(conversation_id, path)
        if other is not path:
            raise error_at(["id"], f"is {quoted(conversation_id)}, as is {place_of(other)}.")


def _bounded(items: Iterable[T], capacity: int, full: Callable[[int], Exception]) -> Iterator[T]:
    for index, item in enumerate(items):
        if index == capacity:
            raise full(capacity)
        yield item


def _too_many(name: str) -> Callable[[int], Exception]:
    attribute: Any = _SCHEMA.fields[name]
    return lambda _capacity: error_at([name], f"must be {attribute.expected}.")
