"""The journal: a bounded number of entries, and exact counters."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.journal import KNOWN_METHODS, OTHER_METHOD, Entry, Headers, Journal, Key
from sandbox.world.verdict import Reason, Verdict, Verdicts

PLAIN = Entry(
    id="r",
    at=5.0,
    method="GET",
    path="/v1/conversations",
    query="",
    headers=Headers.of(()),
    body="",
    operation="listConversations",
    status=200,
    duration_ms=1.0,
)


def entry_with(**changes: Any) -> Entry:
    return PLAIN._replace(**changes)


def ids_of(journal: Journal, wanted: Key | None = None, limit: int = 1000) -> list[str]:
    return [each.id for each in journal.entries(wanted or Key(), limit)]


def test_entries_are_newest_first_and_limited() -> None:
    journal = Journal(10, 100_000)
    for name in "abcde":
        journal.record(entry_with(id=name))
    assert "".join(ids_of(journal)) == "edcba"
    assert "".join(ids_of(journal, limit=2)) == "ed"
    assert not journal.truncated


def test_oldest_entries_are_dropped_beyond_the_limit_and_still_counted() -> None:
    journal = Journal(3, 100_000)
    for name in "abc":
        journal.record(entry_with(id=name, status=404))
    before = journal.truncated
    for name in "de":
        journal.record(entry_with(id=name))
    assert "".join(ids_of(journal)) == "edc"
    assert (before, journal.truncated) == (False, True)
    assert (journal.count(Key()), journal.count(Key(status=404)), journal.count(Key(status=200))) == (5, 3, 2)


def test_byte_limit_includes_body_path_query_and_headers() -> None:
    for changes in (
        {"body": "a" * 1000},
        {"path": "/" + "a" * 1000},
        {"query": "a" * 1000},
        {"headers": Headers.of((("A", "a" * 1000),))},
        {"headers": Headers.of((("A" * 1000, "a"),))},
    ):
        journal = Journal(1000, 5000)
        for number in range(50):
            journal.record(entry_with(id=str(number), **changes))
        kept = ids_of(journal)
        assert 1 <= len(kept) <= 4
        assert kept[0] == "49"
        assert journal.count(Key()) == 50


@pytest.mark.parametrize(("more", "kept"), [(-1, ["c", "b"]), (0, ["c", "b", "a"]), (1, ["c", "b", "a"])])
def test_byte_limit_holds_to_the_byte(more: int, kept: list[str]) -> None:
    entries = [entry_with(id=name, body="a" * 10 * number) for number, name in enumerate("abc")]
    journal = Journal(10, sum(each.size for each in entries) + more)
    for entry in entries:
        journal.record(entry)
    assert ids_of(journal) == kept
    assert journal.truncated is (len(kept) < 3)


@pytest.mark.parametrize(("more", "kept"), [(-1, []), (0, ["a"]), (1, ["a"])])
def test_entry_as_large_as_the_byte_limit_is_kept(more: int, kept: list[str]) -> None:
    entry = entry_with(id="a", body="ä" * 100)
    journal = Journal(10, entry.size + more)
    journal.record(entry)
    assert ids_of(journal) == kept


def test_entry_larger_than_the_byte_limit_is_counted_and_not_kept() -> None:
    journal = Journal(10, 1000)
    journal.record(entry_with(id="small"))
    journal.record(entry_with(id="large", body="a" * 2000))
    assert ids_of(journal) == []
    assert journal.truncated
    journal.record(entry_with(id="after"))
    assert ids_of(journal) == ["after"]
    assert journal.count(Key()) == 3


@pytest.mark.parametrize(("max_entries", "max_bytes"), [(0, 100_000), (100, 0), (0, 0)])
def test_journal_with_zero_limits_counts_calls(max_entries: int, max_bytes: int) -> None:
    journal = Journal(max_entries, max_bytes)
    journal.record(entry_with())
    assert (ids_of(journal), journal.count(Key()), journal.truncated) == ([], 1, True)


def test_clear_resets_entries_counters_bytes_and_truncated() -> None:
    journal = Journal(2, 100_000)
    for name in "abc":
        journal.record(entry_with(id=name))
    journal.clear()
    assert (ids_of(journal), journal.count(Key()), journal.truncated) == ([], 0, False)
    for name in "de":
        journal.record(entry_with(id=name))
    assert "".join(ids_of(journal)) == "ed"
    assert not journal.truncated


def test_filter_combines_all_its_conditions() -> None:
    journal = Journal(10, 100_000)
    journal.record(entry_with(id="a", operation="x", method="GET", status=200))
    journal.record(entry_with(id="b", operation="x", method="HEAD", status=200))
    journal.record(entry_with(id="c", operation=None, method="GET", status=404))
    journal.record(entry_with(id="d", operation=None, method="GET", status=None))
    for wanted, names in (
        (Key(), "dcba"),
        (Key(operation="x"), "ba"),
        (Key(method="GET"), "dca"),
        (Key(status=404), "c"),
        (Key("x", "GET", 200), "a"),
        (Key("x", "GET", 404), ""),
    ):
        assert "".join(ids_of(journal, wanted)) == names
        assert journal.count(wanted) == len(names)
    assert ids_of(journal, Key(method="GET"), limit=1) == ["d"]


def test_unregistered_methods_share_one_counter_and_are_shown_unchanged() -> None:
    journal = Journal(10, 100_000)
    for method in ("BREW", "get", "A" * 1000):
        journal.record(entry_with(method=method))
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
    recorded=st.lists(calls, max_size=40),
    max_entries=st.integers(0, 10),
    max_bytes=st.integers(0, 4000),
    body=st.integers(0, 500),
)
def test_counters_are_exact_and_limits_hold_for_any_calls(
    recorded: list[tuple[str | None, str, int | None]], max_entries: int, max_bytes: int, body: int
) -> None:
    journal = Journal(max_entries, max_bytes)
    for operation, method, status in recorded:
        journal.record(entry_with(operation=operation, method=method, status=status, body="a" * body))
    kept = journal.entries(Key(), 1000)
    assert len(kept) <= max_entries
    assert sum(each.size for each in kept) <= max_bytes
    newest = [(each.operation, each.method, each.status) for each in kept]
    assert newest == recorded[::-1][: len(kept)]
    assert journal.truncated is (len(kept) < len(recorded))
    assert journal.count(Key()) == len(recorded)
    for status, count in Counter(status for *_, status in recorded if status).items():
        assert journal.count(Key(status=status)) == count


def test_counters_are_exact_with_parallel_calls() -> None:
    journal = Journal(10, 100_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.record(entry_with(status=200 + number % 2)), range(2000)))
    assert (journal.count(Key(status=200)), journal.count(Key(status=201))) == (1000, 1000)
    assert len(ids_of(journal)) == 10


def test_verdicts_count_towards_the_size_of_an_entry() -> None:
    verdicts = Verdicts((Verdict("rule-1", "slow", "sandbox", Reason("disabled")),) * 20, omitted=480)
    assert entry_with(why=verdicts).size == PLAIN.size + verdicts.size
    journal = Journal(1000, 100_000)
    for _ in range(1000):
        journal.record(entry_with(why=verdicts))
    assert len(journal.entries(Key(), 1000)) == 100_000 // entry_with(why=verdicts).size
