"""The conversations of a sandbox, compared with a plain list that is filtered and sorted for every call."""

from dataclasses import dataclass, field, fields, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from sandbox.world.conversation import Conversation
from sandbox.world.errors import (
    MissingParticipant,
    SandboxReset,
    StoreFull,
    UnknownConversation,
    UnknownCursor,
)
from sandbox.world.ids import IdSequence
from sandbox.world.paging import Filter, Query
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from tests.world.harness import FakeClock, Shelf, encode, matches_filter, open_sandbox, record_of, table_of

pytestmark = pytest.mark.usefixtures("narrow_nodes")

CAPACITY = 30
FILTERS = [Filter(flags, group) for flags in range(8) for group in (None, "g1", "g2", "unused")]


# The model: a plain list, all of which is examined for every call.


def position(conversation: Conversation) -> tuple[int, str]:
    return -conversation.created_at, conversation.id


@dataclass
class Model:
    live: list[Conversation] = field(default_factory=list)
    deleted: dict[str, tuple[int, str]] = field(default_factory=dict)

    def copy(self) -> "Model":
        return Model(list(self.live), dict(self.deleted))

    def find(self, name: str) -> Conversation | None:
        return next((conversation for conversation in self.live if conversation.id == name), None)

    def put(self, new: Conversation) -> None:
        self.live = [old for old in self.live if old.id != new.id] + [new]
        self.deleted.pop(new.id, None)

    def delete(self, old: Conversation) -> None:
        self.live.remove(old)
        self.deleted[old.id] = position(old)

    def position_of(self, name: str) -> tuple[int, str] | None:
        found = self.find(name)
        return position(found) if found else self.deleted.get(name)

    def listed(self, filter_: Filter) -> list[Conversation]:
        return sorted((one for one in self.live if matches_filter(one, filter_)), key=position)

    def page(self, query: Query) -> tuple[list[Conversation], bool] | None:
        """Return the conversations and whether there are more, or None if the cursor is unknown."""
        listed = self.listed(query.filter)
        if query.starting_after is not None:
            cursor = self.position_of(query.starting_after)
            rest = [one for one in listed if cursor is not None and position(one) > cursor]
        elif query.ending_before is not None:
            cursor = self.position_of(query.ending_before)
            rest = [one for one in listed if cursor is not None and position(one) < cursor]
            return None if cursor is None else (rest[-query.limit :], len(rest) > query.limit)
        else:
            cursor, rest = (0, ""), listed
        return None if cursor is None else (rest[: query.limit], len(rest) > query.limit)


class ModelledSandbox:
    """A sandbox, and the model with which it has to agree."""

    def __init__(self, sandbox: Sandbox, model: Model) -> None:
        self.sandbox = sandbox
        self.model = model

    def names(self, unknown: bool) -> list[str]:
        known = [*sorted(one.id for one in self.model.live), *sorted(self.model.deleted)]
        return [*known, "unknown"] if unknown or not known else known

    def check(self) -> None:
        """Compare all records and all lists."""
        assert [each.conversation for each in self.sandbox.state.table] == self.model.listed(Filter())
        assert self.sandbox.size == len(self.model.live)
        for each in self.model.live:
            assert self.sandbox.get(each.id) == record_of(each)
        for filter_ in FILTERS:
            page = self.sandbox.page(Query(100, filter_))
            assert [shown.conversation for shown in page.records] == self.model.listed(filter_)
            assert not page.has_more


picks = st.integers(0, 2**16)
groups = st.sampled_from([None, "g1", "g2"])
seconds = st.integers(0, 6)
attributes: dict[str, st.SearchStrategy[Any]] = {
    "contact_id": st.sampled_from([None, "contact", "other"]),
    "group_id": groups,
    "pinned_message_id": st.sampled_from([None, "message"]),
    "is_pinned": st.booleans(),
    "is_muted": st.booleans(),
    "last_active_at": st.none() | seconds,
    "last_opened_at": st.none() | seconds,
    "created_at": seconds,
    "archived_at": st.none() | seconds,
}
changes = st.fixed_dictionaries({}, optional=attributes)
initial = [
    Conversation("", "contact", group, None, is_pinned, is_muted, None, None, created_at, archived_at)
    for group, is_pinned, is_muted, created_at, archived_at in product(
        (None, "g1", "g2"), (False, True), (False, True), range(7), (None, 0)
    )
]
cursors = st.sampled_from(["starting_after", "ending_before"])


def lacks_participant(old: Conversation | None, changed: dict[str, Any]) -> bool:
    """Return whether a conversation would have neither a contact nor a group after a change."""
    before = {} if old is None else {"contact_id": old.contact_id, "group_id": old.group_id}
    after = before | changed
    return after.get("contact_id") is None and after.get("group_id") is None


def test_machine_changes_every_attribute_except_the_id() -> None:
    assert ["id", *attributes] == [each.name for each in fields(Conversation)]


class StoreMachine(RuleBasedStateMachine):
    """Several sandboxes with a model each; writes in one never show in another."""

    worlds: Bundle[ModelledSandbox] = Bundle("worlds")

    def __init__(self) -> None:
        super().__init__()
        self.now = FakeClock(3.0)
        self.all: list[ModelledSandbox] = []

    def keep(self, sandbox: Sandbox, model: Model) -> ModelledSandbox:
        world = ModelledSandbox(sandbox, model)
        self.all.append(world)
        return world

    @initialize(target=worlds, existing=st.lists(st.sampled_from(initial), max_size=CAPACITY))
    def begin(self, existing: list[Conversation]) -> ModelledSandbox:
        existing = [replace(start, id=f"c{number}") for number, start in enumerate(existing)]
        state = SandboxState(Table.of(map(record_of, existing)), seed=0)
        return self.keep(open_sandbox(state, self.now, conversations=CAPACITY), Model(existing))

    @rule(by=seconds)
    def tick(self, by: int) -> None:
        """Advance the clock rarely, so that many conversations are created in the same second."""
        self.now.now += by // 6

    @rule(target=worlds, world=worlds)
    def fork(self, world: ModelledSandbox) -> ModelledSandbox:
        return self.keep(world.sandbox.fork(), world.model.copy())

    @rule(target=worlds, world=worlds, frozen_at=st.none() | seconds)
    def open_with_state(self, world: ModelledSandbox, frozen_at: int | None) -> ModelledSandbox:
        """Open another sandbox with the state of this one, and another seed and clock."""
        state = replace(world.sandbox.state, seed=len(self.all), frozen_at=frozen_at)
        return self.keep(open_sandbox(state, self.now, conversations=CAPACITY), world.model.copy())

    @rule(world=worlds, other=worlds, resets=st.booleans())
    def load_state(self, world: ModelledSandbox, other: ModelledSandbox, resets: bool) -> None:
        """Begin a new generation with the state of another sandbox. Writes of the old one are refused."""
        generation = world.sandbox.generation
        if resets:
            world.sandbox.reset(other.sandbox.state)
        else:
            world.sandbox.load(generation, other.sandbox.state)
        world.model = other.model.copy()
        with pytest.raises(SandboxReset):
            world.sandbox.create(generation, "contact", None)

    @rule(world=worlds, contact_id=st.sampled_from([None, "contact"]), group_id=groups)
    def create(self, world: ModelledSandbox, contact_id: str | None, group_id: str | None) -> None:
        sandbox = world.sandbox
        if contact_id is None and group_id is None:
            with pytest.raises(MissingParticipant):
                sandbox.create(sandbox.generation, contact_id, group_id)
            return
        if len(world.model.live) >= CAPACITY:
            with pytest.raises(StoreFull) as caught:
                sandbox.create(sandbox.generation, contact_id, group_id)
            assert caught.value.capacity == CAPACITY
            return
        created = sandbox.create(sandbox.generation, contact_id, group_id)
        conversation_id = created.conversation.id
        expected = Conversation.begin(conversation_id, contact_id, group_id, int(sandbox.time()))
        assert created == record_of(expected)
        assert conversation_id not in world.names(unknown=False)
        world.model.put(expected)

    @rule(world=worlds, pick=picks, changed=changes)
    def update(self, world: ModelledSandbox, pick: int, changed: dict[str, Any]) -> None:
        """Change any attributes; created_at changes the position of a conversation."""
        sandbox = world.sandbox
        names = world.names(unknown=True)
        old = world.model.find(names[pick % len(names)])
        if old is None:
            with pytest.raises(UnknownConversation):
                sandbox.update(sandbox.generation, names[pick % len(names)], changed)
            return
        if lacks_participant(old, changed):
            with pytest.raises(MissingParticipant):
                sandbox.update(sandbox.generation, old.id, changed)
            return
        new = replace(old, **changed)
        assert sandbox.update(sandbox.generation, old.id, changed) == record_of(new)
        world.model.put(new)

    @rule(world=worlds, pick=picks, written=st.fixed_dictionaries(attributes) | changes)
    def put(self, world: ModelledSandbox, pick: int, written: dict[str, Any]) -> None:
        """Write all or some attributes of a conversation that is new, exists, or was deleted."""
        sandbox = world.sandbox
        names = world.names(unknown=True)
        conversation_id = names[pick % len(names)]
        old = world.model.find(conversation_id)
        before = old or Conversation.begin(conversation_id, "contact", None, int(sandbox.time()))
        if lacks_participant(old, written):
            with pytest.raises(MissingParticipant):
                sandbox.put(sandbox.generation, conversation_id, written)
            return
        if old is None and len(world.model.live) >= CAPACITY:
            with pytest.raises(StoreFull):
                sandbox.put(sandbox.generation, conversation_id, written)
            return
        new = replace(before, **({"contact_id": None} if old is None else {}) | written)
        assert sandbox.put(sandbox.generation, conversation_id, written) == (record_of(new), old is None)
        world.model.put(new)

    @rule(world=worlds, pick=picks)
    def delete(self, world: ModelledSandbox, pick: int) -> None:
        names = world.names(unknown=True)
        old = world.model.find(names[pick % len(names)])
        if old is None:
            with pytest.raises(UnknownConversation):
                world.sandbox.delete(world.sandbox.generation, names[pick % len(names)])
            return
        world.sandbox.delete(world.sandbox.generation, old.id)
        world.model.delete(old)

    @rule(world=worlds, first=picks, count=st.integers(2, 12))
    def delete_range(self, world: ModelledSandbox, first: int, count: int) -> None:
        """Delete neighbours in the list, so that whole nodes become empty."""
        listed = world.model.listed(Filter())
        for old in listed[first % (len(listed) or 1) :][:count]:
            world.sandbox.delete(world.sandbox.generation, old.id)
            world.model.delete(old)

    @rule(world=worlds, filter_=st.sampled_from(FILTERS), limit=st.integers(1, 12))
    def read_first_page(self, world: ModelledSandbox, filter_: Filter, limit: int) -> None:
        self.read(world, Query(limit, filter_))

    @rule(
        world=worlds, filter_=st.sampled_from(FILTERS), limit=st.integers(1, 12), cursor=cursors, pick=picks
    )
    def read_at_cursor(
        self, world: ModelledSandbox, filter_: Filter, limit: int, cursor: str, pick: int
    ) -> None:
        """Read at a cursor that is a conversation, a deleted one, or unknown."""
        names = world.names(unknown=True)
        at = names[pick % len(names)]
        self.read(world, Query(limit, filter_, **{cursor: at}))
        self.read(world, Query(limit, Filter(), **{cursor: at}))

    @rule(world=worlds, filter_=st.sampled_from(FILTERS), limit=st.integers(1, 5), cursor=cursors)
    def read_at_every_cursor(self, world: ModelledSandbox, filter_: Filter, limit: int, cursor: str) -> None:
        for name in world.names(unknown=True):
            self.read(world, Query(limit, filter_, **{cursor: name}))

    def read(self, world: ModelledSandbox, query: Query) -> None:
        expected = world.model.page(query)
        if expected is None:
            with pytest.raises(UnknownCursor) as caught:
                world.sandbox.page(query)
            assert caught.value.conversation_id == "unknown"
            return
        page = world.sandbox.page(query)
        assert ([shown.conversation for shown in page.records], page.has_more) == expected
        assert page.records == [record_of(one) for one in expected[0]]

    @rule(world=worlds)
    def check(self, world: ModelledSandbox) -> None:
        world.check()

    def teardown(self) -> None:
        for world in self.all:
            world.check()


def test_sandboxes_and_their_forks_agree_with_a_plain_list() -> None:
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(max_examples=80, stateful_step_count=40, deadline=None, report_multiple_bugs=False),
    )


# The store itself, one call at a time.


def open_store(*conversation_ids: str, capacity: int = 100) -> Shelf:
    return Shelf(table_of(*conversation_ids), encode, capacity)


def test_json_is_encoded_only_when_a_record_is_written() -> None:
    encoded: list[str] = []

    def counting_encode(conversation: Conversation) -> bytes:
        encoded.append(conversation.id)
        return encode(conversation)

    store = Shelf(table_of("a"), counting_encode, 100)
    store.create(IdSequence(7, pinned=("b",)), "contact", None, 1)
    store.update("a", {"is_muted": True})
    store.arrange("c", {"group_id": "g1"}, 1)
    for _ in range(3):
        store.table.get("a")
        store.table.page(Query(10))
        list(store.table)
    assert encoded == ["b", "a", "c"]


def test_write_that_cannot_be_encoded_changes_nothing() -> None:
    broken = True

    def failing_encode(conversation: Conversation) -> bytes:
        if broken:
            raise ZeroDivisionError
        return encode(conversation)

    store = Shelf(table_of("a"), failing_encode, 100)
    before = list(store.table)
    with pytest.raises(ZeroDivisionError):
        store.update("a", {"is_muted": True})
    with pytest.raises(ZeroDivisionError):
        store.create(IdSequence(7), "contact", None, 1)
    with pytest.raises(ZeroDivisionError):
        store.arrange("b", {"contact_id": "contact"}, 1)
    assert list(store.table) == before
    broken = False
    assert store.update("a", {"is_muted": True}).conversation.is_muted


def test_create_skips_ids_of_present_and_of_deleted_conversations() -> None:
    store = open_store("a", "deleted")
    store.delete("deleted")
    ids = IdSequence(7, pinned=("a", "deleted", "b"))
    assert store.create(ids, "contact", None, 1).conversation.id == "b"
    assert ids.index == 3


def test_full_store_accepts_changes_and_has_room_after_a_delete() -> None:
    store = open_store("a", "b", capacity=2)
    ids = IdSequence(7, pinned=("c",))
    with pytest.raises(StoreFull) as refused:
        store.create(ids, "contact", None, 1)
    assert refused.value.capacity == 2
    with pytest.raises(StoreFull):
        store.arrange("c", {"contact_id": "contact"}, 1)
    store.update("a", {"is_muted": True})
    _, is_new = store.arrange("a", {"created_at": 9}, 1)
    assert not is_new
    store.delete("b")
    store.create(ids, "contact", None, 1)
    assert {each.conversation.id for each in store.table} == {"a", "c"}


def test_refused_create_uses_no_id() -> None:
    store = open_store("a", capacity=1)
    ids = IdSequence(7)
    with pytest.raises(MissingParticipant):
        store.create(ids, None, None, 1)
    with pytest.raises(StoreFull):
        store.create(ids, "contact", None, 1)
    assert ids.index == 0


def test_table_does_not_change_with_the_store() -> None:
    store = open_store("a")
    table = store.table
    store.delete("a")
    assert "a" in table
    assert "a" not in store.table
