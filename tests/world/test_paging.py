"""Lists: which filters show a conversation, in what order, and that a walk misses and repeats nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.world import ordered
from sandbox.world.conversation import Conversation, Record
from sandbox.world.paging import ARCHIVED, MUTED, PINNED, Filter, Order, Page, Query, filters_of, order_of
from sandbox.world.store import Store
from sandbox.world.table import Table

FILTERS = [Filter(flags, group) for flags in range(8) for group in (None, "g1", "g2")]


@pytest.fixture(autouse=True, scope="module")
def narrow_nodes() -> Iterator[None]:
    """Nodes of at most four, so that a walk crosses many of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "FANOUT", 4)
        yield


def matches(conversation: Conversation, shown_by: Filter) -> bool:
    """The documentation's reading of a shown_by, spelled out."""
    return (
        (not shown_by.flags & MUTED or conversation.is_muted)
        and (not shown_by.flags & ARCHIVED or conversation.archived_at is not None)
        and (not shown_by.flags & PINNED or conversation.is_pinned)
        and (shown_by.group_id is None or conversation.group_id == shown_by.group_id)
    )


OLDEST = Conversation.begin("oldest", "contact", None, -1)


def record(conversation: Conversation) -> Record:
    return Record(conversation, conversation.id.encode())


def open_store(made: list[Conversation]) -> Store:
    return Store(Table.of(map(record, made)), lambda one: one.id.encode(), capacity=1000)


@st.composite
def conversations(draw: st.DrawFn) -> list[Conversation]:
    """Up to forty, many of them created in the same second."""
    return [
        replace(
            Conversation.begin(
                f"c{index}", "contact", draw(st.sampled_from([None, "g1", "g2"])), draw(seconds)
            ),
            is_muted=draw(st.booleans()),
            is_pinned=draw(st.booleans()),
            archived_at=draw(st.sampled_from([None, 0, 7])),
        )
        for index in range(draw(st.integers(0, 40)))
    ]


seconds = st.integers(0, 4)
limits = st.integers(1, 9)
filters = st.sampled_from(FILTERS)


def ids_of(page: Page) -> list[str]:
    return [shown.conversation.id for shown in page.records]


def in_order(made: list[Conversation], shown_by: Filter) -> list[str]:
    shown = [conversation for conversation in made if matches(conversation, shown_by)]
    return [one.id for one in sorted(shown, key=lambda one: (-one.created_at, one.id))]


def walk_forwards(read: Callable[[Query], Page], limit: int, shown_by: Filter) -> Iterator[list[str]]:
    """The ids of one page after another. Checks that only the last may be short, and only it is the last."""
    page = read(Query(limit, shown_by))
    while True:
        ids = ids_of(page)
        assert len(ids) == limit or not page.has_more
        yield ids
        if not page.has_more:
            return
        page = read(Query(limit, shown_by, starting_after=ids[-1]))


def walk_backwards(
    read: Callable[[Query], Page], limit: int, shown_by: Filter, end: str
) -> Iterator[list[str]]:
    page = read(Query(limit, shown_by, ending_before=end))
    while True:
        ids = ids_of(page)
        assert len(ids) == limit or not page.has_more
        yield ids
        if not page.has_more:
            return
        page = read(Query(limit, shown_by, ending_before=ids[0]))


@settings(deadline=None, max_examples=150)
@given(conversations(), limits, filters)
def test_a_walk_forwards_visits_every_conversation_once_and_in_order(
    made: list[Conversation], limit: int, shown_by: Filter
) -> None:
    table = Table.of(map(record, made))
    pages = list(walk_forwards(table.page, limit, shown_by))
    assert list(chain(*pages)) == in_order(made, shown_by)
    assert len(pages) == max(-(-len(in_order(made, shown_by)) // limit), 1)


@settings(deadline=None, max_examples=150)
@given(conversations(), limits, filters)
def test_a_walk_backwards_visits_every_conversation_once_and_each_page_in_list_order(
    made: list[Conversation], limit: int, shown_by: Filter
) -> None:
    """It begins before a conversation that was the oldest and is deleted."""
    table = Table.of(map(record, [*made, OLDEST])).remove(OLDEST.id)
    pages = list(walk_backwards(table.page, limit, shown_by, OLDEST.id))
    assert list(chain(*reversed(pages))) == in_order(made, shown_by)
    assert len(pages) == max(-(-len(in_order(made, shown_by)) // limit), 1)


@settings(deadline=None, max_examples=100)
@given(conversations(), limits, filters)
def test_a_walk_that_deletes_what_it_has_just_seen_still_visits_every_conversation_once(
    made: list[Conversation], limit: int, shown_by: Filter
) -> None:
    store = open_store(made)
    seen: list[str] = []
    for ids in walk_forwards(store.page, limit, shown_by):
        seen += ids
        for gone in ids:
            store.delete(gone)
    assert seen == in_order(made, shown_by)
    assert {left.conversation.id for left in store.export()} == {one.id for one in made} - set(seen)


@settings(deadline=None, max_examples=100)
@given(conversations(), limits, filters)
def test_a_walk_backwards_that_deletes_what_it_has_just_seen_still_visits_every_conversation_once(
    made: list[Conversation], limit: int, shown_by: Filter
) -> None:
    store = open_store([*made, OLDEST])
    store.delete(OLDEST.id)
    seen: list[str] = []
    for ids in walk_backwards(store.page, limit, shown_by, OLDEST.id):
        seen = ids + seen
        for gone in ids:
            store.delete(gone)
    assert seen == in_order(made, shown_by)


@settings(deadline=None, max_examples=100)
@given(conversations(), limits, st.sampled_from([MUTED, ARCHIVED, PINNED]))
def test_a_walk_that_takes_what_it_has_just_seen_out_of_the_list_visits_every_conversation_once(
    made: list[Conversation], limit: int, flag: int
) -> None:
    """Unmuting all that is muted, page by page: the cursor is still there, and no longer in the list."""
    store = open_store(made)
    seen: list[str] = []
    for ids in walk_forwards(store.page, limit, Filter(flag)):
        seen += ids
        for shown in ids:
            store.update(shown, {"is_muted": False, "archived_at": None, "is_pinned": False})
    assert seen == in_order(made, Filter(flag))
    assert ids_of(store.page(Query(100, Filter(flag)))) == []


@settings(deadline=None, max_examples=60)
@given(conversations(), limits)
def test_a_walk_forwards_does_not_see_what_is_created_while_it_walks(
    made: list[Conversation], limit: int
) -> None:
    store = open_store(made)
    seen: list[str] = []
    for turn, ids in enumerate(walk_forwards(store.page, limit, Filter())):
        seen += ids
        new = Conversation.begin(f"new{turn}", "contact", None, 5)
        store.put(new.id, lambda _, new=new: new)  # type: ignore[misc]  # mypy cannot infer such a lambda
    assert seen == in_order(made, Filter())


@pytest.mark.parametrize(
    ("muted", "archived", "pinned", "group"), list(product((0, 1), (0, 1), (0, 1), (None, "g1")))
)
def test_a_conversation_is_shown_by_exactly_the_filters_that_it_matches(
    muted: int, archived: int, pinned: int, group: str | None
) -> None:
    conversation = replace(
        Conversation.begin("a", "contact", group, 1),
        is_muted=bool(muted),
        archived_at=0 if archived else None,
        is_pinned=bool(pinned),
    )
    shown = filters_of(conversation)
    assert len(shown) == len(set(shown))
    assert set(shown) == {each for each in FILTERS if matches(conversation, each)}


@settings(deadline=None)
@example(("c", 5), ("B", 5))
@given(*[st.tuples(st.text("aBc1", max_size=3), seconds)] * 2)
def test_the_newer_conversation_stands_first_and_ties_stand_by_id(
    one: tuple[str, int], other: tuple[str, int]
) -> None:
    first, second = (order_of(Conversation.begin(name, "contact", None, at)) for name, at in (one, other))
    if one[1] != other[1]:
        assert (first < second) == (one[1] > other[1])
    else:
        assert (first < second) == (one[0] < other[0])


def test_the_place_of_a_conversation_depends_on_nothing_but_its_creation_and_id() -> None:
    conversation = Conversation.begin("a", "contact", None, 5)
    changed = replace(
        conversation, is_muted=True, is_pinned=True, archived_at=9, group_id="g1", last_active_at=9
    )
    assert order_of(changed) == order_of(conversation) == Order(-5, "a")


def test_a_query_asks_for_everything_unless_told_otherwise() -> None:
    assert Query(50) == Query(50, Filter(0, None), None, None)
