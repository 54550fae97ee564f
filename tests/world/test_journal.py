"""The journal: bounded entries, exact counters."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.journal import KNOWN_METHODS, OTHER_METHOD, Entry, Journal, Key

PLAIN = Entry(
    id="r",
    at=5.0,
    method="GET",
    path="/v1/conversations",
    query="",
    headers=(),
    body="",
    operation="listConversations",
    status=200,
    duration_ms=1.0,
)


def entry(**changes: Any) -> Entry:
    names = ("id", "at", "method", "path", "query", "headers", "body", "operation", "status", "duration_ms")
    return Entry(**({name: getattr(PLAIN, name) for name in names} | changes))


def shown(journal: Journal, wanted: Key | None = None, limit: int = 1000) -> list[str]:
    return [each.id for each in journal.entries(wanted or Key(), limit)]


def test_entries_come_newest_first_and_as_many_as_asked_for() -> None:
    journal = Journal(10, 100_000)
    for name in "abcde":
        journal.record(entry(id=name))
    assert "".join(shown(journal)) == "edcba"
    assert "".join(shown(journal, limit=2)) == "ed"
    assert not journal.truncated


def test_the_oldest_are_dropped_beyond_the_bound_and_counted_all_the_same() -> None:
    journal = Journal(3, 100_000)
    for name in "abc":
        journal.record(entry(id=name, status=404))
    before = journal.truncated
    for name in "de":
        journal.record(entry(id=name))
    assert "".join(shown(journal)) == "edc"
    assert (before, journal.truncated) == (False, True)
    assert (journal.count(Key()), journal.count(Key(status=404)), journal.count(Key(status=200))) == (5, 3, 2)


def test_the_bound_on_bytes_counts_all_that_is_long() -> None:
    for changes in (
        {"body": "a" * 1000},
        {"path": "/" + "a" * 1000},
        {"query": "a" * 1000},
        {"headers": (("A", "a" * 1000),)},
        {"headers": (("A" * 1000, "a"),)},
    ):
        journal = Journal(1000, 5000)
        for number in range(50):
            journal.record(entry(id=str(number), **changes))
        kept = shown(journal)
        assert 1 <= len(kept) <= 4
        assert kept[0] == "49"
        assert journal.count(Key()) == 50


def test_an_entry_larger_than_all_the_room_is_counted_and_not_kept() -> None:
    journal = Journal(10, 1000)
    journal.record(entry(id="small"))
    journal.record(entry(id="large", body="a" * 2000))
    assert shown(journal) == []
    assert journal.truncated
    journal.record(entry(id="after"))
    assert shown(journal) == ["after"]
    assert journal.count(Key()) == 3


@pytest.mark.parametrize(("max_entries", "max_bytes"), [(0, 100_000), (100, 0), (0, 0)])
def test_a_journal_without_room_counts(max_entries: int, max_bytes: int) -> None:
    journal = Journal(max_entries, max_bytes)
    journal.record(entry())
    assert (shown(journal), journal.count(Key()), journal.truncated) == ([], 1, True)


def test_clearing_forgets_entries_counters_bytes_and_that_something_was_dropped() -> None:
    journal = Journal(2, 100_000)
    for name in "abc":
        journal.record(entry(id=name))
    journal.clear()
    assert (shown(journal), journal.count(Key()), journal.truncated) == ([], 0, False)
    for name in "de":
        journal.record(entry(id=name))
    assert "".join(shown(journal)) == "ed"
    assert not journal.truncated


def test_all_that_a_filter_asks_for_must_hold() -> None:
    journal = Journal(10, 100_000)
    journal.record(entry(id="a", operation="x", method="GET", status=200))
    journal.record(entry(id="b", operation="x", method="HEAD", status=200))
    journal.record(entry(id="c", operation=None, method="GET", status=404))
    journal.record(entry(id="d", operation=None, method="GET", status=None))
    for wanted, names in (
        (Key(), "dcba"),
        (Key(operation="x"), "ba"),
        (Key(method="GET"), "dca"),
        (Key(status=404), "c"),
        (Key("x", "GET", 200), "a"),
        (Key("x", "GET", 404), ""),
    ):
        assert "".join(shown(journal, wanted)) == names
        assert journal.count(wanted) == len(names)
    assert shown(journal, Key(method="GET"), limit=1) == ["d"]


def test_methods_that_were_invented_share_one_counter_and_are_shown_as_they_were() -> None:
    journal = Journal(10, 100_000)
    for method in ("BREW", "get", "A" * 1000):
        journal.record(entry(method=method))
    assert journal.count(Key(method=OTHER_METHOD)) == 3
    assert journal.count(Key(method="BREW")) == 0
    assert [each.method for each in journal.entries(Key(method=OTHER_METHOD), 9)] == [
        "A" * 1000,
        "get",
        "BREW",
    ]
    assert OTHER_METHOD not in KNOWN_METHODS


calls = st.tuples(
    st.sampled_from(["createConversation", "listConversations", None]),
    st.sampled_from(["GET", "POST", "BREW"]),
    st.sampled_from([200, 404, None]),
)


@given(
    made=st.lists(calls, max_size=40),
    max_entries=st.integers(0, 10),
    max_bytes=st.integers(0, 4000),
    body=st.integers(0, 500),
)
def test_counters_are_exact_and_bounds_hold_whatever_was_called(
    made: list[tuple[str | None, str, int | None]], max_entries: int, max_bytes: int, body: int
) -> None:
    journal = Journal(max_entries, max_bytes)
    for operation, method, status in made:
        journal.record(entry(operation=operation, method=method, status=status, body="a" * body))
    kept = journal.entries(Key(), 1000)
    assert len(kept) <= max_entries
    assert sum(each.size for each in kept) <= max_bytes
    newest = [(each.operation, each.method, each.status) for each in kept]
    assert newest == made[::-1][: len(kept)]
    assert journal.truncated is (len(kept) < len(made))
    assert journal.count(Key()) == len(made)
    for status, count in Counter(status for *_, status in made if status).items():
        assert journal.count(Key(status=status)) == count


def test_parallel_calls_lose_no_count() -> None:
    journal = Journal(10, 100_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.record(entry(status=200 + number % 2)), range(2000)))
    assert (journal.count(Key(status=200)), journal.count(Key(status=201))) == (1000, 1000)
    assert len(shown(journal)) == 10
