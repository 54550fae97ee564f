"""The table of conversations, an immutable value."""

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
from tests.world.harness import table_of

pytestmark = pytest.mark.usefixtures("narrow_nodes")

FILTERS = [Filter(flags, group) for flags in range(8) for group in (None, "g1", "g2")]


def record(name: str, created_at: int = 0, **changes: Any) -> Record:
    conversation = replace(Conversation.begin(name, "contact", None, created_at), **changes)
    return Record(conversation, repr(conversation).encode())


def ids(table: Table, filter_: Filter = Filter(), **cursor: str) -> list[str]:
    return [shown.conversation.id for shown in table.page(Query(1000, filter_, **cursor)).records]


def contents(table: Table) -> dict[Filter, list[Record]]:
    """Return the content of every list of a table."""
    return {each: table.page(Query(1000, each)).records for each in FILTERS}


class Sizes(NamedTuple):
    lists: int
    deleted: int
    deletions: int


def sizes(table: Table) -> Sizes:
    """Return the sizes of internal collections, which must be bounded."""
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
def test_of_and_repeated_put_return_equal_tables(existing: list[Record]) -> None:
    """Ids repeat, so that records also replace others, in other lists and at other positions."""
    one_by_one = Table()
    for each in existing:
        one_by_one = one_by_one.put(each)
    at_once = Table.of({each.conversation.id: each for each in existing}.values())
    assert contents(one_by_one) == contents(at_once)
    assert list(one_by_one) == list(at_once) == contents(at_once)[Filter()]
    assert len(one_by_one) == len(at_once) == len({each.conversation.id for each in existing})


@settings(deadline=None, max_examples=100)
@given(
    st.lists(records, max_size=25),
    st.lists(records | st.sampled_from([f"c{n}" for n in range(25)]), max_size=25),
)
def test_changes_return_new_tables_and_leave_earlier_ones_unchanged(
    existing: list[Record], changes: list[Record | str]
) -> None:
    table = Table.of({each.conversation.id: each for each in existing}.values())
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
def test_table_without_conversations_keeps_no_lists(existing: list[Record]) -> None:
    table = Table.of({each.conversation.id: each for each in existing}.values())
    for deleted in list(table):
        table = table.remove(deleted.conversation.id)
    assert len(table) == 0
    assert not list(table)
    assert not any(contents(table).values())
    assert sizes(table).lists == 0


def test_lists_of_empty_groups_are_dropped() -> None:
    """Callers choose groups, so that the memory for lists must be bounded."""
    table = Table.of([record("a")])
    for number in range(100):
        table = table.put(record("a", group_id=f"g{number}"))
    assert sizes(table).lists == 2


def test_change_of_created_at_moves_the_record_in_every_list() -> None:
    flags = {"is_muted": True, "is_pinned": True, "archived_at": 1, "group_id": "g1"}
    table = Table.of(record(name, at, **flags) for name, at in (("a", 1), ("b", 2), ("c", 3)))
    moved = table.put(record("a", 9, **flags))
    for flags_set in range(8):
        for group in (None, "g1"):
            assert ids(table, Filter(flags_set, group)) == ["c", "b", "a"]
            assert ids(moved, Filter(flags_set, group)) == ["a", "c", "b"]


def test_put_can_move_a_record_and_change_its_lists_in_one_step() -> None:
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


def test_cursor_uses_the_current_position_of_its_conversation() -> None:
    table = Table.of([record("a", 3), record("b", 2), record("c", 1)]).put(record("a", 0))
    assert ids(table, starting_after="a") == []
    assert ids(table, ending_before="a") == ["b", "c"]


def test_get_returns_the_latest_record() -> None:
    first, second = record("a", is_muted=True), record("a", is_muted=False)
    table = Table().put(first)
    assert table.get("a") is first
    assert table.put(second).get("a") is second
    assert table.get("a") is first


def test_page_is_made_once_for_a_repeated_query_and_anew_after_a_change() -> None:
    table = Table.of([record("a"), record("b")])
    query = Query(limit=10)
    page = table.page(query)
    assert table.page(query) is page
    assert page.json is table.page(query).json
    changed = table.remove("a")
    assert [record.conversation.id for record in changed.page(query).records] == ["b"]
    assert [record.conversation.id for record in table.page(query).records] == ["a", "b"]


def test_other_query_has_a_page_of_its_own() -> None:
    table = Table.of([record("a"), record("b")])
    whole, first = Query(limit=10), Query(limit=1)
    assert [len(table.page(query).records) for query in (whole, first, whole)] == [2, 1, 2]


def test_unknown_and_deleted_conversations_raise() -> None:
    table = Table.of([record("a")]).remove("a")
    for name in ("a", "b"):
        assert name not in table
        with pytest.raises(UnknownConversation) as caught:
            table.get(name)
        assert caught.value.conversation_id == name
        with pytest.raises(UnknownConversation):
            table.remove(name)


@pytest.mark.parametrize("cursor", ["starting_after", "ending_before"])
def test_unknown_cursor_raises_even_for_an_empty_list(cursor: str) -> None:
    for table in (Table(), Table.of([record("a")])):
        with pytest.raises(UnknownCursor) as caught:
            table.page(Query(5, Filter(MUTED), **{cursor: "unknown"}))
        assert (caught.value.cursor, caught.value.conversation_id) == (cursor, "unknown")


def test_deleted_cursor_has_a_position_in_lists_that_never_contained_it() -> None:
    table = Table.of([record("a", 3, is_muted=True), record("b", 2), record("c", 1, is_muted=True)]).remove(
        "b"
    )
    assert ids(table, Filter(MUTED), starting_after="b") == ["c"]
    assert ids(table, Filter(MUTED), ending_before="b") == ["a"]


def test_cursor_of_a_conversation_deleted_twice_uses_its_last_position() -> None:
    table = Table.of([record("a", 4), record("b", 3), record("c", 2)]).remove("a")
    table = table.put(record("a", 1))
    assert ids(table) == ["b", "c", "a"]
    assert ids(table, ending_before="a") == ["b", "c"]
    table = table.remove("a")
    assert ids(table, ending_before="a") == ["b", "c"]


def test_table_knows_present_ids_and_remembered_deleted_ids(
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


def test_oldest_deletions_are_forgotten_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 3)
    names = [f"c{number}" for number in range(8)]
    table = Table.of(map(record, names))
    before = table
    for deleted, name in enumerate(names, start=1):
        table = table.remove(name)
        remembered = names[max(deleted - 3, 0) :]
        assert [other for other in names if remembers(table, other)] == remembered
    assert all(remembers(before, name) for name in names)


def test_number_of_remembered_deletions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 3)
    table = Table()
    for number in range(50):
        table = table.put(record(f"c{number}")).remove(f"c{number}")
        table = table.put(record("again")).remove("again")
        assert sizes(table).deleted <= 3
        assert sizes(table).deletions <= 3


def test_restored_conversation_survives_the_end_of_its_old_deletion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of(map(record, "abcd")).remove("a").put(record("a"))
    for name in "bcd":
        table = table.remove(name)
    assert remembers(table, "a")
    assert ids(table) == ["a"]


def test_second_deletion_of_an_id_counts_as_its_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that was deleted twice is forgotten by the order of its second deletion."""
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of(map(record, "ab")).remove("a").put(record("a")).remove("a").remove("b")
    assert [name for name in "ab" if remembers(table, name)] == ["a", "b"]


def test_repeated_deletion_of_one_id_does_not_evict_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of(map(record, "ab")).remove("a")
    for _ in range(5):
        table = table.remove("b").put(record("b"))
    assert remembers(table, "a")


@settings(deadline=None, max_examples=100)
@given(st.lists(records | st.sampled_from([f"c{number}" for number in range(25)]), max_size=50))
def test_table_can_be_rebuilt_from_its_records_and_deletions(
    changes: list[Record | str],
) -> None:
    """An export and an import rebuild a table like this."""
    table = Table()
    deleted: dict[str, Order] = {}
    for change in changes:
        if isinstance(change, Record):
            table = table.put(change)
            deleted.pop(change.conversation.id, None)
        elif change in table:
            deleted[change] = order_of(table.get(change).conversation)
            table = table.remove(change)
    assert list(table.deletions()) == list(deleted.values())
    again = Table.of(table, table.deletions())
    assert contents(again) == contents(table)
    assert list(again.deletions()) == list(table.deletions())
    for name in deleted:
        assert ids(again, starting_after=name) == ids(table, starting_after=name)
        assert ids(again, ending_before=name) == ids(table, ending_before=name)


def test_deletions_of_present_conversations_are_ignored() -> None:
    table = Table.of([record("a", 1)], deletions=[Order(-9, "a"), Order(-5, "b")])
    assert list(table.deletions()) == [Order(-5, "b")]
    assert ids(table, starting_after="b") == ["a"]
    assert ids(table, ending_before="a") == []


def test_table_built_with_too_many_deletions_forgets_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_module, "MAX_DELETIONS", 2)
    table = Table.of([record("a")], deletions=[Order(-number, f"c{number}") for number in range(5)]).remove(
        "a"
    )
    assert [position.id for position in table.deletions()] == ["c4", "a"]


def test_built_table_remembers_at_most_the_maximum_of_deletions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.world.table.MAX_DELETIONS", 3)
    table = Table.of([], [Order(-at, f"deleted-{at}") for at in range(10)])
    assert [position.id for position in table.deletions()] == ["deleted-7", "deleted-8", "deleted-9"]


def test_places_besides_other_tables_are_those_of_nodes_that_they_do_not_share() -> None:
    table = table_of(*(f"c{number:03}" for number in range(200))).remove("c000")
    assert table.places_besides([]) == table.places == 200
    assert table.places_besides([Table(), table]) == 0
    changed = table.put(record("c100", is_muted=True))
    assert 0 < changed.places_besides([table]) <= 2 * ordered.FANOUT
    assert changed.places_besides([table_of("c100")]) == 200


@settings(deadline=None, max_examples=150)
@given(st.lists(records, max_size=25), st.lists(records | st.sampled_from(["c1", "c2", "c3"]), max_size=25))
def test_a_table_is_that_of_another_one_with_the_difference_of_both(
    existing: list[Record], changed: list[Record | str]
) -> None:
    base = Table()
    for each in existing:
        base = base.put(each)
    table = base
    for change in changed:
        if isinstance(change, Record):
            table = table.put(change)
        elif change in table:
            table = table.remove(change)
    different = list(table.records_besides(base))
    gone = [each.conversation.id for each in base.records_besides(table) if each.conversation.id not in table]
    assert all(base._records.get(each.conversation.id) is not each for each in different)  # noqa: SLF001
    again = base.revised(different, gone, table.deletions())
    assert contents(again) == contents(table)
    assert list(again.deletions()) == list(table.deletions())
    assert all(again.get(each.conversation.id) is each for each in table)


def test_records_that_tables_share_are_no_difference() -> None:
    table = table_of(*(f"c{number}" for number in range(50)))
    changed = table.put(record("c7", 5)).put(record("new")).remove("c8")
    assert list(table.records_besides(table)) == []
    assert {each.conversation.id for each in changed.records_besides(table)} == {"c7", "new"}
    assert {each.conversation.id for each in table.records_besides(changed)} == {"c7", "c8"}


def test_a_table_without_a_difference_is_itself() -> None:
    table = table_of("a", "b")
    assert table.revised((), (), ()) is table


def test_deletions_of_a_revised_table_are_those_that_are_given() -> None:
    table = table_of("a", "b").remove("a")
    revised = table.revised((), ("b",), (Order(-3, "x"), Order(-1, "b")))
    assert list(revised.deletions()) == [Order(-3, "x"), Order(-1, "b")]
    assert not revised.knows("a")
