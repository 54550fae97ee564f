"""The table: an immutable value, whatever is put in and removed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world import ordered
from sandbox.world import table as table_module
from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import UnknownConversation, UnknownCursor
from sandbox.world.paging import ARCHIVED, MUTED, PINNED, Filter, Order, Query, order_of
from sandbox.world.table import Table

FILTERS = [Filter(flags, group) for flags in range(8) for group in (None, "g1", "g2")]


@pytest.fixture(autouse=True, scope="module")
def narrow_nodes() -> Iterator[None]:
    """Nodes of at most four, so that small tables have deep lists."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "FANOUT", 4)
        yield


def record(name: str, created_at: int = 0, **changes: Any) -> Record:
    conversation = replace(Conversation.begin(name, "contact", None, created_at), **changes)
    return Record(conversation, repr(conversation).encode())


def ids(table: Table, shown_by: Filter = Filter(), **cursor: str) -> list[str]:
    return [shown.conversation.id for shown in table.page(Query(1000, shown_by, **cursor)).records]


def contents(table: Table) -> dict[Filter, list[Record]]:
    """All that a table shows, in every list."""
    return {each: table.page(Query(1000, each)).records for each in FILTERS}


class Sizes(NamedTuple):
    lists: int
    deleted: int
    deletions: int


def sizes(table: Table) -> Sizes:
    """What a table keeps that no call shows: it must not grow without bound."""
    kept = (table._lists, table._deleted, table._deletions)  # noqa: SLF001
    return Sizes(*(len(list(each)) for each in kept))


records = st.builds(
    record,
    st.sampled_from([f"c{number}" for number in range(25)]),
    st.integers(0, 3),
    group_id=st.sampled_from([None, "g1", "g2"]),
    is_muted=st.booleans(),
    is_pinned=st.booleans(),
    archived_at=st.sampled_from([None, 0, 7]),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(records, max_size=40))
def test_a_table_built_at_once_shows_the_same_as_one_built_record_by_record(made: list[Record]) -> None:
    """Ids repeat here, so that records replace others, too: in other lists, and in other places."""
    one_by_one = Table()
    for each in made:
        one_by_one = one_by_one.put(each)
    at_once = Table.of({each.conversation.id: each for each in made}.values())
    assert contents(one_by_one) == contents(at_once)
    assert list(one_by_one) == list(at_once) == contents(at_once)[Filter()]
    assert len(one_by_one) == len(at_once) == len({each.conversation.id for each in made})


@settings(deadline=None, max_examples=100)
@given(
    st.lists(records, max_size=25),
    st.lists(records | st.sampled_from([f"c{n}" for n in range(25)]), max_size=25),
)
def test_a_table_never_changes_whatever_is_made_from_it(
    made: list[Record], changes: list[Record | str]
) -> None:
    table = Table.of({each.conversation.id: each for each in made}.values())
    kept = [(table, contents(table))]
    for change in changes:
        if isinstance(change, Record):
            table = table.put(change)
        elif change in table:
            table = table.remove(change)
        kept.append((table, contents(table)))
    for version, shown in kept:
        assert contents(version) == shown


@settings(deadline=None, max_examples=100)
@given(st.lists(records, max_size=30))
def test_a_table_that_lost_everything_shows_nothing_and_keeps_no_lists(made: list[Record]) -> None:
    table = Table.of({each.conversation.id: each for each in made}.values())
    for gone in list(table):
        table = table.remove(gone.conversation.id)
    assert len(table) == 0
    assert not list(table)
    assert not any(contents(table).values())
    assert sizes(table).lists == 0


def test_lists_of_groups_that_nobody_is_in_any_more_are_dropped() -> None:
    """What a caller can make grow has a bound: moving through groups leaves nothing behind."""
    table = Table.of([record("a")])
    for number in range(100):
        table = table.put(record("a", group_id=f"g{number}"))
    assert sizes(table).lists == 2


def test_a_record_that_is_created_at_another_time_moves_in_every_list() -> None:
    flags = {"is_muted": True, "is_pinned": True, "archived_at": 1, "group_id": "g1"}
    table = Table.of(record(name, at, **flags) for name, at in (("a", 1), ("b", 2), ("c", 3)))
    moved = table.put(record("a", 9, **flags))
    for flags_set in range(8):
        for group in (None, "g1"):
            assert ids(table, Filter(flags_set, group)) == ["c", "b", "a"]
            assert ids(moved, Filter(flags_set, group)) == ["a", "c", "b"]


def test_a_record_can_move_and_change_its_lists_in_one_step() -> None:
    table = Table.of(
        [record("a", 1, is_muted=True, group_id="g1"), record("b", 2, is_muted=True, group_id="g2")]
    )
    moved = table.put(record("a", 9, is_pinned=True, group_id="g2"))
    assert ids(moved) == ["a", "b"]
    assert ids(moved, Filter(MUTED)) == ["b"]
    assert ids(moved, Filter(PINNED)) == ["a"]
    assert ids(moved, Filter(0, "g1")) == []
    assert ids(moved, Filter(0, "g2")) == ["a", "b"]
    assert ids(moved, Filter(ARCHIVED)) == []


def test_a_cursor_that_moved_counts_where_it_stands_now() -> None:
    table = Table.of([record("a", 3), record("b", 2), record("c", 1)]).put(record("a", 0))
    assert ids(table, starting_after="a") == []
    assert ids(table, ending_before="a") == ["b", "c"]


def test_get_answers_the_record_that_was_put_last() -> None:
    first, second = record("a", is_muted=True), record("a", is_muted=False)
    table = Table().put(first)
    assert table.get("a") is first
    assert table.put(second).get("a") is second
    assert table.get("a") is first


def test_an_unknown_or_deleted_conversation_is_not_there() -> None:
    table = Table.of([record("a")]).remove("a")
    for name in ("a", "b"):
        assert name not in table
        with pytest.raises(UnknownConversation) as caught:
            table.get(name)
        assert caught.value.conversation_id == name
        with pytest.raises(UnknownConversation):
            table.remove(name)


@pytest.mark.parametrize("cursor", ["starting_after", "ending_before"])
def test_a_cursor_that_was_never_here_is_refused_even_in_an_empty_list(cursor: str) -> None:
    for table in (Table(), Table.of([record("a")])):
        with pytest.raises(UnknownCursor) as caught:
            table.page(Query(5, Filter(MUTED), **{cursor: "anonymous"}))
        assert caught.value.conversation_id == "anonymous"


def test_a_deleted_cursor_holds_its_place_in_lists_that_it_was_never_in() -> None:
    table = Table.of([record("a", 3, is_muted=True), record("b", 2), record("c", 1, is_muted=True)]).remove(
        "b"
    )
    assert ids(table, Filter(MUTED), starting_after="b") == ["c"]
    assert ids(table, Filter(MUTED), ending_before="b") == ["a"]


def test_a_conversation_that_came_back_and_went_again_holds_its_last_place() -> None:
    table = Table.of([record("a", 4), record("b", 3), record("c", 2)]).remove("a")
    table = table.put(record("a", 1))
    assert ids(table) == ["b", "c", "a"]
    assert ids(table, ending_before="a") == ["b", "c"]
    table = table.remove("a")
    assert ids(table, ending_before="a") == ["b", "c"]


def test_a_table_knows_the_ids_that_are_there_and_the_deleted_ones_that_it_remembers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 1)
    table = Table.of(map(record, "abc")).remove("a")
    assert [name for name in "abcd" if table.knows(name)] == ["a", "b", "c"]
    assert [name for name in "abcd" if table.remove("b").knows(name)] == ["b", "c"]
    assert table.put(record("a")).knows("a")


def remembers(table: Table, name: str) -> bool:
    try:
        table.page(Query(1, starting_after=name))
    except UnknownCursor:
        return False
    return True


def test_the_oldest_deletions_are_forgotten_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 3)
    names = [f"c{number}" for number in range(8)]
    table = Table.of(map(record, names))
    before = table
    for deleted, name in enumerate(names, start=1):
        table = table.remove(name)
        remembered = names[max(deleted - 3, 0) :]
        assert [other for other in names if remembers(table, other)] == remembered
    assert all(remembers(before, name) for name in names)


def test_what_is_remembered_of_deletions_never_outgrows_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 3)
    table = Table()
    for number in range(50):
        table = table.put(record(f"c{number}")).remove(f"c{number}")
        table = table.put(record("again")).remove("again")
        assert sizes(table).deleted <= 3
        assert sizes(table).deletions <= 3


def test_a_conversation_that_came_back_is_not_forgotten_when_its_old_deletion_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of(map(record, "abcd")).remove("a").put(record("a"))
    for name in "bcd":
        table = table.remove(name)
    assert remembers(table, "a")
    assert ids(table) == ["a"]


def test_a_deletion_is_remembered_from_its_last_time_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that went, came back and went again is as new as its second deletion."""
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of(map(record, "ab")).remove("a").put(record("a")).remove("a").remove("b")
    assert [name for name in "ab" if remembers(table, name)] == ["a", "b"]


def test_coming_back_and_going_again_pushes_no_other_deletion_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of(map(record, "ab")).remove("a")
    for _ in range(5):
        table = table.remove("b").put(record("b"))
    assert remembers(table, "a")


@settings(deadline=None, max_examples=100)
@given(st.lists(records | st.sampled_from([f"c{number}" for number in range(25)]), max_size=50))
def test_a_table_made_again_of_its_records_and_deletions_is_the_same_table(
    changes: list[Record | str],
) -> None:
    """What an export and an import do."""
    table = Table()
    gone: dict[str, Order] = {}
    for change in changes:
        if isinstance(change, Record):
            table = table.put(change)
            gone.pop(change.conversation.id, None)
        elif change in table:
            gone[change] = order_of(table.get(change).conversation)
            table = table.remove(change)
    assert table.deletions() == list(gone.values())
    again = Table.of(table, table.deletions())
    assert contents(again) == contents(table)
    assert again.deletions() == table.deletions()
    for name in gone:
        assert ids(again, starting_after=name) == ids(table, starting_after=name)
        assert ids(again, ending_before=name) == ids(table, ending_before=name)


def test_a_deletion_of_what_is_there_again_does_not_count() -> None:
    table = Table.of([record("a", 1)], deletions=[Order(-9, "a"), Order(-5, "b")])
    assert table.deletions() == [Order(-5, "b")]
    assert ids(table, starting_after="b") == ["a"]
    assert ids(table, ending_before="a") == []


def test_a_table_made_of_too_many_deletions_forgets_the_oldest_with_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of([record("a")], deletions=[Order(-number, f"c{number}") for number in range(5)]).remove(
        "a"
    )
    assert [place.id for place in table.deletions()] == ["c4", "a"]


def test_a_table_that_is_built_remembers_as_many_deletions_as_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.world.table.MAX_DELETIONS", 3)
    table = Table.of([], [Order(-at, f"gone-{at}") for at in range(10)])
    assert [place.id for place in table.deletions()] == ["gone-7", "gone-8", "gone-9"]
