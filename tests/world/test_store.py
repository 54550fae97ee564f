"""The store against a plain list that is filtered and sorted anew for every call; and under threads."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from itertools import product
from threading import Barrier
from time import sleep
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from sandbox.world import ordered
from sandbox.world.conversation import Conversation, Record
from sandbox.world.draws import draw_id
from sandbox.world.errors import StoreFull, UnknownConversation, UnknownCursor
from sandbox.world.paging import ARCHIVED, MUTED, PINNED, Filter, Query
from sandbox.world.sandbox import Bounds, Sandbox, SandboxState
from sandbox.world.store import Store
from sandbox.world.table import Table

CAPACITY = 30
BOUNDS = Bounds(conversations=CAPACITY, snapshots=5, rules=5, journal_entries=5, journal_bytes=5000)
FILTERS = [Filter(flags, group) for flags in range(8) for group in (None, "g1", "g2", "anonymous's")]

R = TypeVar("R")


def encode(conversation: Conversation) -> bytes:
    return repr(conversation).encode()


def record(conversation: Conversation) -> Record:
    return Record(conversation, encode(conversation))


@pytest.fixture(autouse=True, scope="module")
def narrow_nodes() -> Iterator[None]:
    """Nodes of at most four, so that the lists of small stores have several levels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "FANOUT", 4)
        yield


# The naive model: what a store holds is a list, and every call looks through all of it.


def place(conversation: Conversation) -> tuple[int, str]:
    return -conversation.created_at, conversation.id


def matches(conversation: Conversation, shown_by: Filter) -> bool:
    return (
        (not shown_by.flags & MUTED or conversation.is_muted)
        and (not shown_by.flags & ARCHIVED or conversation.archived_at is not None)
        and (not shown_by.flags & PINNED or conversation.is_pinned)
        and (shown_by.group_id is None or conversation.group_id == shown_by.group_id)
    )


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
        self.deleted[old.id] = place(old)

    def place_of(self, name: str) -> tuple[int, str] | None:
        found = self.find(name)
        return place(found) if found else self.deleted.get(name)

    def shown(self, shown_by: Filter) -> list[Conversation]:
        return sorted((one for one in self.live if matches(one, shown_by)), key=place)

    def page(self, query: Query) -> tuple[list[Conversation], bool] | None:
        """The conversations, and whether there are more; None where the cursor is unknown."""
        shown = self.shown(query.filter)
        if query.starting_after is not None:
            cursor = self.place_of(query.starting_after)
            rest = [one for one in shown if cursor is not None and place(one) > cursor]
        elif query.ending_before is not None:
            cursor = self.place_of(query.ending_before)
            rest = [one for one in shown if cursor is not None and place(one) < cursor]
            return None if cursor is None else (rest[-query.limit :], len(rest) > query.limit)
        else:
            cursor, rest = (0, ""), shown
        return None if cursor is None else (rest[: query.limit], len(rest) > query.limit)


class World:
    """A sandbox and the model that it has to agree with."""

    def __init__(self, sandbox: Sandbox, model: Model) -> None:
        self.sandbox = sandbox
        self.model = model

    def names(self, unknown: bool) -> list[str]:
        known = [*sorted(one.id for one in self.model.live), *sorted(self.model.deleted)]
        return [*known, "never here"] if unknown or not known else known

    def check(self) -> None:
        """In full: all records, every list, from both ends."""
        assert [each.conversation for each in self.sandbox.store.export()] == self.model.shown(Filter())
        assert len(self.sandbox.store.export()) == len(self.model.live)
        for each in self.model.live:
            assert self.sandbox.get(each.id) == record(each)
        for shown_by in FILTERS:
            page = self.sandbox.page(Query(100, shown_by))
            assert [shown.conversation for shown in page.records] == self.model.shown(shown_by)
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
starts = [
    Conversation("", "contact", group, None, is_pinned, is_muted, None, None, created_at, archived_at)
    for group, is_pinned, is_muted, created_at, archived_at in product(
        (None, "g1", "g2"), (False, True), (False, True), range(7), (None, 0)
    )
]
cursors = st.sampled_from(["starting_after", "ending_before"])


def test_the_machine_changes_every_attribute_but_the_id() -> None:
    assert ["id", *attributes] == [each.name for each in fields(Conversation)]


class StoreMachine(RuleBasedStateMachine):
    """Several worlds at once, each with its own model; writes in one never show in another."""

    worlds: Bundle[World] = Bundle("worlds")

    def __init__(self) -> None:
        super().__init__()
        self.now = 3.0
        self.all: list[World] = []

    def open(self, table: Table, model: Model, frozen_at: float | None = None) -> World:
        start = SandboxState(table, seed=len(self.all), frozen_at=frozen_at)
        world = World(Sandbox(start, lambda: self.now, encode, BOUNDS), model)
        self.all.append(world)
        return world

    @initialize(target=worlds, made=st.lists(st.sampled_from(starts), max_size=CAPACITY))
    def begin(self, made: list[Conversation]) -> World:
        made = [replace(start, id=f"c{number}") for number, start in enumerate(made)]
        return self.open(Table.of(map(record, made)), Model(made))

    @rule(by=seconds)
    def tick(self, by: int) -> None:
        """Time mostly stands still, so that many are created in the same second."""
        self.now += by // 6

    @rule(target=worlds, world=worlds, frozen_at=st.none() | seconds)
    def fork(self, world: World, frozen_at: int | None) -> World:
        """By a start of the other's table, and by a fork of its store."""
        forked = self.open(world.sandbox.store.export(), world.model.copy(), frozen_at)
        forked.sandbox.store = world.sandbox.store.fork()
        return forked

    @rule(world=worlds, contact_id=st.sampled_from([None, "contact"]), group_id=groups)
    def create(self, world: World, contact_id: str | None, group_id: str | None) -> None:
        if len(world.model.live) >= CAPACITY:
            with pytest.raises(StoreFull) as caught:
                world.sandbox.create(contact_id, group_id)
            assert caught.value.capacity == CAPACITY
            return
        created = world.sandbox.create(contact_id, group_id)
        name = created.conversation.id
        now = world.sandbox.clock.seconds()
        expected = Conversation.begin(name, contact_id, group_id, now)
        assert created == record(expected)
        assert name not in world.names(unknown=False)
        world.model.put(expected)

    @rule(world=worlds, pick=picks, changed=changes)
    def update(self, world: World, pick: int, changed: dict[str, Any]) -> None:
        """Any attributes; created_at moves a conversation in the order."""
        names = world.names(unknown=True)
        old = world.model.find(names[pick % len(names)])
        if old is None:
            with pytest.raises(UnknownConversation):
                world.sandbox.update(names[pick % len(names)], changed)
            return
        new = replace(old, **changed)
        assert world.sandbox.update(old.id, changed) == record(new)
        world.model.put(new)

    @rule(world=worlds, pick=picks, made=st.fixed_dictionaries(attributes))
    def put(self, world: World, pick: int, made: dict[str, Any]) -> None:
        """Write a whole conversation: a new one, in the place of another, or of one that was deleted."""
        names = world.names(unknown=True)
        new = Conversation(id=names[pick % len(names)], **made)
        old = world.model.find(new.id)
        told: list[Conversation | None] = []

        def make(has: Conversation | None) -> Conversation:
            told.append(has)
            return new

        if old is None and len(world.model.live) >= CAPACITY:
            with pytest.raises(StoreFull):
                world.sandbox.store.put(new.id, make)
            return
        assert world.sandbox.store.put(new.id, make) == (record(new), old is None)
        assert told == [old]
        world.model.put(new)

    @rule(world=worlds, pick=picks)
    def delete(self, world: World, pick: int) -> None:
        names = world.names(unknown=True)
        old = world.model.find(names[pick % len(names)])
        if old is None:
            with pytest.raises(UnknownConversation):
                world.sandbox.delete(names[pick % len(names)])
            return
        world.sandbox.delete(old.id)
        world.model.delete(old)

    @rule(world=worlds, first=picks, count=st.integers(2, 12))
    def delete_a_run(self, world: World, first: int, count: int) -> None:
        """Neighbours in the list, so that whole nodes empty."""
        shown = world.model.shown(Filter())
        for old in shown[first % (len(shown) or 1) :][:count]:
            world.sandbox.delete(old.id)
            world.model.delete(old)

    @rule(world=worlds, shown_by=st.sampled_from(FILTERS), limit=st.integers(1, 12))
    def read_the_first_page(self, world: World, shown_by: Filter, limit: int) -> None:
        self.read(world, Query(limit, shown_by))

    @rule(
        world=worlds, shown_by=st.sampled_from(FILTERS), limit=st.integers(1, 12), cursor=cursors, pick=picks
    )
    def read_at_a_cursor(self, world: World, shown_by: Filter, limit: int, cursor: str, pick: int) -> None:
        """The cursor is of a live conversation, of a deleted one, or was never here."""
        names = world.names(unknown=True)
        at = names[pick % len(names)]
        self.read(world, Query(limit, shown_by, **{cursor: at}))
        self.read(world, Query(limit, Filter(), **{cursor: at}))

    @rule(world=worlds, shown_by=st.sampled_from(FILTERS), limit=st.integers(1, 5), cursor=cursors)
    def read_at_every_cursor(self, world: World, shown_by: Filter, limit: int, cursor: str) -> None:
        for name in world.names(unknown=True):
            self.read(world, Query(limit, shown_by, **{cursor: name}))

    def read(self, world: World, query: Query) -> None:
        expected = world.model.page(query)
        if expected is None:
            with pytest.raises(UnknownCursor) as caught:
                world.sandbox.page(query)
            assert caught.value.conversation_id == "never here"
            return
        page = world.sandbox.page(query)
        assert ([shown.conversation for shown in page.records], page.has_more) == expected
        assert page.records == [record(shown) for shown in expected[0]]

    @rule(world=worlds)
    def check(self, world: World) -> None:
        world.check()

    def teardown(self) -> None:
        for world in self.all:
            world.check()


def test_a_store_agrees_with_a_plain_list_whatever_is_called_and_forked() -> None:
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(max_examples=80, stateful_step_count=40, deadline=None, report_multiple_bugs=False),
    )


# One call at a time.


def open_store(*names: str, capacity: int = 100) -> Store:
    made = (Conversation.begin(name, "contact", None, 1) for name in names)
    return Store(Table.of(map(record, made)), encode, capacity)


def test_json_is_made_once_when_a_record_is_written_and_never_when_it_is_read() -> None:
    encoded: list[str] = []

    def counted(conversation: Conversation) -> bytes:
        encoded.append(conversation.id)
        return encode(conversation)

    store = Store(open_store("a").export(), counted, 100)
    store.create(lambda _: Conversation.begin("b", "contact", None, 1))
    store.update("a", {"is_muted": True})
    for _ in range(3):
        store.get("a")
        store.page(Query(10))
        list(store.fork().export())
    assert encoded == ["b", "a"]


def test_a_write_whose_json_cannot_be_made_changes_nothing_and_the_store_goes_on() -> None:
    broken = True

    def fragile(conversation: Conversation) -> bytes:
        if broken:
            raise ZeroDivisionError
        return encode(conversation)

    store = Store(open_store("a").export(), fragile, 100)
    before = list(store.export())
    with pytest.raises(ZeroDivisionError):
        store.update("a", {"is_muted": True})
    with pytest.raises(ZeroDivisionError):
        store.create(lambda _: Conversation.begin("b", "contact", None, 1))
    assert list(store.export()) == before
    broken = False
    assert store.update("a", {"is_muted": True}).conversation.is_muted


def test_create_is_told_which_ids_are_taken_by_those_who_are_there_and_by_deleted_ones() -> None:
    told: list[bool] = []

    def make(taken: Callable[[str], bool]) -> Conversation:
        told.extend(map(taken, ("a", "b", "gone")))
        return Conversation.begin("b", "contact", None, 1)

    store = open_store("a", "gone")
    store.delete("gone")
    store.create(make)
    assert told == [True, False, True]


def test_a_full_store_still_updates_replaces_and_deletes_and_has_room_again_then() -> None:
    store = open_store("a", "b", capacity=2)
    new = Conversation.begin("c", "contact", None, 1)
    with pytest.raises(StoreFull):
        store.create(lambda _: new)
    with pytest.raises(StoreFull):
        store.put("c", lambda _: new)
    store.update("a", {"is_muted": True})
    _, is_new = store.put("a", lambda _: Conversation.begin("a", "contact", None, 9))
    assert not is_new
    store.delete("b")
    store.create(lambda _: new)
    assert {each.conversation.id for each in store.export()} == {"a", "c"}


def test_an_export_does_not_change_with_the_store() -> None:
    store = open_store("a")
    exported = store.export()
    store.delete("a")
    assert "a" in exported
    assert "a" not in store.export()


def test_a_fork_has_the_capacity_and_the_json_of_its_origin() -> None:
    forked = open_store("a", capacity=1).fork()
    with pytest.raises(StoreFull):
        forked.create(lambda _: Conversation.begin("b", "contact", None, 1))
    changed = forked.update("a", {"is_muted": True})
    assert changed.json == encode(changed.conversation)


# Threads. Encoding gives way to the other threads: a writer that did not wait would be caught in the act.

THREADS = 8


@pytest.fixture
def eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def slow_encode(conversation: Conversation) -> bytes:
    sleep(0)
    return encode(conversation)


def together(work: Callable[[int], R], threads: int = THREADS) -> list[R]:
    """What ``work`` answers for each number of a thread; all begin at the same moment."""
    barrier = Barrier(threads)

    def begin(number: int) -> R:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


@pytest.mark.usefixtures("eager_threads")
def test_threads_that_update_different_attributes_of_one_conversation_lose_no_update() -> None:
    names = [name for name in attributes if name != "contact_id"]
    store = Store(open_store("a").export(), slow_encode, 100)

    def work(number: int) -> None:
        for value in range(50):
            store.update("a", {names[number]: value})
            assert getattr(store.get("a").conversation, names[number]) == value

    together(work, len(names))
    final = store.get("a").conversation
    assert [getattr(final, name) for name in names] == [49] * len(names)


@pytest.mark.usefixtures("eager_threads")
def test_threads_that_put_build_on_what_the_others_put() -> None:
    store = Store(open_store("a").export(), slow_encode, 100)

    def count_up(old: Conversation | None) -> Conversation:
        assert old is not None
        return replace(old, created_at=old.created_at + 1)

    together(lambda _: [store.put("a", count_up) for _ in range(50)])
    assert store.get("a").conversation.created_at == 1 + 50 * THREADS


@pytest.mark.usefixtures("eager_threads")
def test_threads_that_create_get_different_ids_and_all_are_kept() -> None:
    bounds = replace(BOUNDS, conversations=1000)
    sandbox = Sandbox(SandboxState(Table(), seed=7), lambda: 5.0, slow_encode, bounds)
    made = together(lambda _: [sandbox.create("contact", None).conversation.id for _ in range(40)])
    ids = [name for each in made for name in each]
    assert len(set(ids)) == len(ids) == 40 * THREADS
    assert {each.conversation.id for each in sandbox.store.export()} == set(ids)
    assert set(ids) == {draw_id(7, "conversation", index) for index in range(40 * THREADS)}


@pytest.mark.usefixtures("eager_threads")
def test_threads_that_create_and_delete_their_own_leave_exactly_what_they_did_not_delete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remove = Table.remove

    def slow_remove(table: Table, name: str) -> Table:
        removed = remove(table, name)
        sleep(0)
        return removed

    monkeypatch.setattr(Table, "remove", slow_remove)
    store = Store(Table(), slow_encode, 1000)

    def work(number: int) -> None:
        for turn in range(30):
            new = Conversation.begin(f"{number}-{turn}", "contact", "g1", turn)
            store.create(lambda _, new=new: new)  # type: ignore[misc]  # mypy cannot infer such a lambda
            if turn % 3:
                store.delete(new.id)

    together(work)
    kept = {f"{number}-{turn}" for number in range(THREADS) for turn in range(0, 30, 3)}
    for shown_by in (Filter(), Filter(0, "g1")):
        page = store.page(Query(1000, shown_by))
        assert {shown.conversation.id for shown in page.records} == kept


@pytest.mark.usefixtures("eager_threads")
def test_a_store_is_full_at_exactly_its_capacity_whatever_the_threads_do() -> None:
    sandbox = Sandbox(
        SandboxState(Table(), seed=7), lambda: 5.0, slow_encode, replace(BOUNDS, conversations=100)
    )

    def work(_: int) -> int:
        refused = 0
        for _ in range(25):
            try:
                sandbox.create("contact", None)
            except StoreFull:
                refused += 1
        return refused

    refused = sum(together(work))
    assert len(sandbox.store.export()) == 100
    assert refused == 25 * THREADS - 100
    assert sandbox.state.id_index == 100


@pytest.mark.usefixtures("eager_threads")
def test_a_reader_sees_a_write_whole_or_not_at_all() -> None:
    """Muted and pinned change together here, so no list may show one without the other."""
    store = Store(open_store(*"abcdef").export(), slow_encode, 100)

    def work(number: int) -> None:
        for turn in range(60):
            if number == 0:
                store.update("c", {"is_muted": turn % 2 == 0, "is_pinned": turn % 2 == 0})
            for shown_by in (Filter(MUTED), Filter(PINNED), Filter()):
                for shown in store.page(Query(10, shown_by)).records:
                    assert shown.conversation.is_muted == shown.conversation.is_pinned
                    assert matches(shown.conversation, shown_by)
                    assert shown.json == encode(shown.conversation)

    together(work, 4)


@pytest.mark.usefixtures("eager_threads")
def test_nobody_writes_while_a_store_is_kept_still() -> None:
    """The index of ids and the table that a state holds belong to the same moment."""
    sandbox = Sandbox(
        SandboxState(Table(), seed=7), lambda: 5.0, slow_encode, replace(BOUNDS, conversations=1000)
    )

    def work(number: int) -> None:
        for _ in range(60):
            if number % 2:
                sandbox.create("contact", None)
            else:
                state = sandbox.state
                assert len(state.table) == state.id_index

    together(work)
    assert sandbox.state.id_index == 60 * THREADS // 2
