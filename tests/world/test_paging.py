"""Filters and order of lists, and walks through all their pages."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.world.conversation import Conversation
from sandbox.world.paging import ARCHIVED, MUTED, PINNED, Filter, Order, Page, Query, filters_of, order_of
from sandbox.world.table import Table
from tests.world.harness import Shelf, encode, matches_filter, record_of

pytestmark = pytest.mark.usefixtures("narrow_nodes")

FILTERS = [Filter(flags, group) for flags in range(8) for group in (None, "g1", "g2")]
OLDEST = Conversation.begin("oldest", "contact", None, -1)


def page_of(store: Shelf) -> Callable[[Query], Page]:
    """Return a function that reads a page of the store as it is when it is called."""

    def page(query: Query) -> Page:
        return store.table.page(query)

    return page


def open_store(existing: list[Conversation]) -> Shelf:
    return Shelf(Table.of(map(record_of, existing)), encode, capacity=1000)


@st.composite
def conversations(draw: st.DrawFn) -> list[Conversation]:
    """Draw up to forty conversations, many of them created in the same second."""
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


def in_order(existing: list[Conversation], filter_: Filter) -> list[str]:
    shown = [conversation for conversation in existing if matches_filter(conversation, filter_)]
    return [one.id for one in sorted(shown, key=lambda one: (-one.created_at, one.id))]


def walk_forwards(read: Callable[[Query], Page], limit: int, filter_: Filter) -> Iterator[list[str]]:
    """Yield the ids of each page. Only the last page may be short, and only it has no more."""
    page = read(Query(limit, filter_))
    while True:
        ids = ids_of(page)
        assert len(ids) == limit or not page.has_more
        yield ids
        if not page.has_more:
            return
        page = read(Query(limit, filter_, starting_after=ids[-1]))


def walk_backwards(
    read: Callable[[Query], Page], limit: int, filter_: Filter, end: str
) -> Iterator[list[str]]:
    page = read(Query(limit, filter_, ending_before=end))
    while True:
        ids = ids_of(page)
        assert len(ids) == limit or not page.has_more
        yield ids
        if not page.has_more:
            return
        page = read(Query(limit, filter_, ending_before=ids[0]))


@settings(deadline=None, max_examples=150)
@given(conversations(), limits, filters)
def test_forward_walk_visits_every_conversation_once_in_order(
    existing: list[Conversation], limit: int, filter_: Filter
) -> None:
    table = Table.of(map(record_of, existing))
    pages = list(walk_forwards(table.page, limit, filter_))
    assert list(chain(*pages)) == in_order(existing, filter_)
    assert len(pages) == max(-(-len(in_order(existing, filter_)) // limit), 1)


@settings(deadline=None, max_examples=150)
@given(conversations(), limits, filters)
def test_backward_walk_visits_every_conversation_once_with_pages_in_list_order(
    existing: list[Conversation], limit: int, filter_: Filter
) -> None:
    """The walk begins before the oldest conversation, which is deleted."""
    table = Table.of(map(record_of, [*existing, OLDEST])).remove(OLDEST.id)
    pages = list(walk_backwards(table.page, limit, filter_, OLDEST.id))
    assert list(chain(*reversed(pages))) == in_order(existing, filter_)
    assert len(pages) == max(-(-len(in_order(existing, filter_)) // limit), 1)


@settings(deadline=None, max_examples=100)
@given(conversations(), limits, filters)
def test_forward_walk_that_deletes_each_page_visits_every_conversation_once(
    existing: list[Conversation], limit: int, filter_: Filter
) -> None:
    store = open_store(existing)
    seen: list[str] = []
    for ids in walk_forwards(page_of(store), limit, filter_):
        seen += ids
        for conversation_id in ids:
            store.delete(conversation_id)
    assert seen == in_order(existing, filter_)
    assert {left.conversation.id for left in store.table} == {one.id for one in existing} - set(seen)


@settings(deadline=None, max_examples=100)
@given(conversations(), limits, filters)
def test_backward_walk_that_deletes_each_page_visits_every_conversation_once(
    existing: list[Conversation], limit: int, filter_: Filter
) -> None:
    store = open_store([*existing, OLDEST])
    store.delete(OLDEST.id)
    seen: list[str] = []
    for ids in walk_backwards(page_of(store), limit, filter_, OLDEST.id):
        seen = ids + seen
        for conversation_id in ids:
            store.delete(conversation_id)
    assert seen == in_order(existing, filter_)


@settings(deadline=None, max_examples=100)
@given(conversations(), limits, st.sampled_from([MUTED, ARCHIVED, PINNED]))
def test_walk_that_removes_each_page_from_the_list_visits_every_conversation_once(
    existing: list[Conversation], limit: int, flag: int
) -> None:
    """The cursor of the next page is a conversation that exists and is no longer in the list."""
    store = open_store(existing)
    seen: list[str] = []
    for ids in walk_forwards(page_of(store), limit, Filter(flag)):
        seen += ids
        for shown in ids:
            store.update(shown, {"is_muted": False, "archived_at": None, "is_pinned": False})
    assert seen == in_order(existing, Filter(flag))
    assert ids_of(store.table.page(Query(100, Filter(flag)))) == []


@settings(deadline=None, max_examples=60)
@given(conversations(), limits)
def test_forward_walk_does_not_see_conversations_created_meanwhile(
    existing: list[Conversation], limit: int
) -> None:
    store = open_store(existing)
    seen: list[str] = []
    for turn, ids in enumerate(walk_forwards(page_of(store), limit, Filter())):
        seen += ids
        store.arrange(f"new{turn}", {"contact_id": "contact"}, 5)
    assert seen == in_order(existing, Filter())


@pytest.mark.parametrize(
    ("muted", "archived", "pinned", "group"), list(product((0, 1), (0, 1), (0, 1), (None, "g1")))
)
def test_filters_of_returns_exactly_the_matching_filters(
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
    assert set(shown) == {each for each in FILTERS if matches_filter(conversation, each)}


@settings(deadline=None)
@example(("c", 5), ("B", 5))
@given(*[st.tuples(st.text("aBc1", max_size=3), seconds)] * 2)
def test_newer_conversations_come_first_and_ties_are_ordered_by_id(
    one: tuple[str, int], other: tuple[str, int]
) -> None:
    first, second = (order_of(Conversation.begin(name, "contact", None, at)) for name, at in (one, other))
    if one[1] != other[1]:
        assert (first < second) == (one[1] > other[1])
    else:
        assert (first < second) == (one[0] < other[0])


def test_order_depends_only_on_creation_time_and_id() -> None:
    conversation = Conversation.begin("a", "contact", None, 5)
    changed = replace(
        conversation, is_muted=True, is_pinned=True, archived_at=9, group_id="g1", last_active_at=9
    )
    assert order_of(changed) == order_of(conversation) == Order(-5, "a")


def test_query_has_no_filter_and_no_cursor_by_default() -> None:
    assert Query(50) == Query(50, Filter(0, None), None, None)
