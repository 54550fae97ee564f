"""Listeners to the journals: queues with a bound, and their end."""

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from sandbox.world.errors import ListenersFull
from sandbox.world.journal import Entry, Headers, Journal, Key, selects
from sandbox.world.journal_feed import JournalFeed, Listener, Update
from sandbox.world.sleepers import Event

ENTRY = Entry("a", 5.0, "GET", "/v1/conversations", "", Headers.of(()), "", "listConversations", 200, 1.0)


def do_nothing() -> None:
    """Do nothing while a listener waits."""


class FakeWait:
    """A wait that lasts no time, and during which ``meanwhile`` is called."""

    def __init__(self) -> None:
        self.waits: list[tuple[bool, float]] = []
        self.meanwhile: Callable[[], None] = do_nothing

    def __call__(self, event: Event, seconds: float) -> None:
        self.meanwhile()
        self.waits.append((event.is_set(), seconds))


@pytest.fixture
def wait() -> FakeWait:
    return FakeWait()


@pytest.fixture
def feed(wait: FakeWait) -> JournalFeed:
    return JournalFeed(max_listeners=3, wait=wait)


def everything(_update: Update) -> bool:
    return True


def journals(feed: JournalFeed) -> tuple[Journal, Journal]:
    return Journal(2, 100_000, feed=feed, token="one"), Journal(2, 100_000, feed=feed, token="other")


def record(journal: Journal, ids: str) -> None:
    for name in ids:
        journal.record(ENTRY._replace(id=name))


def taken(listener: Listener, limit: int = 100) -> tuple[str, int | None]:
    """Return the ids of the calls that the listener is told of, and the number that is missing after them."""
    batch = listener.take(1.0, limit)
    return "".join("-" if each.entry is None else each.entry.id for each in batch.updates), batch.dropped


def test_listener_is_told_of_each_call_of_all_worlds_in_order(feed: JournalFeed) -> None:
    one, other = journals(feed)
    record(one, "a")
    listener = feed.listen(everything)
    record(one, "b")
    record(other, "c")
    record(one, "def")
    batch = listener.take(1.0, 100)
    assert [(each.token, each.entry and each.entry.id) for each in batch.updates] == [
        ("one", "b"),
        ("other", "c"),
        ("one", "d"),
        ("one", "e"),
        ("one", "f"),
    ]
    numbers = [each.number for each in batch.updates]
    assert all(before < after for before, after in pairwise(numbers))
    assert listener.since < numbers[0]
    assert one.numbered() == [(each.number, each.entry) for each in batch.updates[-2:]]


def test_listener_is_told_only_what_it_wants(feed: JournalFeed) -> None:
    one, other = journals(feed)
    key = Key(status=404)
    by_token = feed.listen(lambda update: update.token == "other")
    by_status = feed.listen(lambda update: update.entry is not None and selects(key, update.entry))
    record(one, "a")
    record(other, "b")
    one.record(ENTRY._replace(id="c", status=404))
    assert taken(by_token) == ("b", 0)
    assert taken(by_status) == ("c", 0)


def test_listener_is_told_that_a_journal_was_emptied(feed: JournalFeed) -> None:
    one, _ = journals(feed)
    listener = feed.listen(everything)
    record(one, "a")
    one.clear()
    record(one, "b")
    assert taken(listener) == ("a-b", 0)


def test_batch_has_at_most_as_many_updates_as_asked_for(feed: JournalFeed) -> None:
    listener = feed.listen(everything)
    record(journals(feed)[0], "abcde")
    assert [taken(listener, 2) for _ in range(3)] == [("ab", 0), ("cd", 0), ("e", 0)]


def test_waiting_listener_is_woken_by_a_call(feed: JournalFeed, wait: FakeWait) -> None:
    one, _ = journals(feed)
    listener = feed.listen(everything)
    assert taken(listener) == ("", 0)
    wait.meanwhile = lambda: record(one, "ab")
    assert taken(listener) == ("ab", 0)
    assert wait.waits == [(False, 1.0), (True, 1.0)]


def test_call_that_is_not_wanted_wakes_nobody(feed: JournalFeed, wait: FakeWait) -> None:
    one, _ = journals(feed)
    listener = feed.listen(lambda update: update.token == "other")
    wait.meanwhile = lambda: record(one, "ab")
    assert taken(listener) == ("", 0)
    assert wait.waits == [(False, 1.0)]


def test_slow_listener_learns_between_which_calls_others_are_missing(feed: JournalFeed) -> None:
    one, _ = journals(feed)
    listener = feed.listen(everything, max_updates=3)
    record(one, "abcde")
    assert taken(listener, 2) == ("ab", 0)
    record(one, "f")  # there is room, but d and e are missing before it
    assert taken(listener, 2) == ("c", 3)
    record(one, "g")
    assert taken(listener) == ("g", 0)


def test_queue_is_limited_in_bytes(feed: JournalFeed) -> None:
    one, _ = journals(feed)
    listener = feed.listen(everything, max_bytes=2 * ENTRY.size)
    record(one, "abcd")
    assert taken(listener) == ("ab", 2)
    record(one, "ef")
    assert taken(listener) == ("ef", 0)


def test_listeners_are_limited_and_leave(feed: JournalFeed) -> None:
    one, _ = journals(feed)
    listeners = [feed.listen(everything) for _ in range(3)]
    with pytest.raises(ListenersFull) as full:
        feed.listen(everything)
    assert full.value.capacity == 3
    feed.leave(listeners[1])
    feed.leave(listeners[1])
    feed.listen(everything)
    record(one, "a")
    assert [taken(each) for each in listeners] == [("a", 0), ("", 0), ("a", 0)]


def test_close_ends_every_wait(feed: JournalFeed, wait: FakeWait) -> None:
    one, _ = journals(feed)
    listener, other = feed.listen(everything), feed.listen(everything)
    record(one, "a")
    assert taken(listener) == ("a", 0)
    wait.meanwhile = feed.close
    assert taken(listener) == ("", 0)
    assert wait.waits == [(True, 1.0)]
    assert listener.is_closed
    assert taken(listener) == ("", 0)
    assert taken(other) == ("a", 0)
    assert len(wait.waits) == 1


def test_calls_of_other_processes_that_are_missing_have_no_number(feed: JournalFeed) -> None:
    one, _ = journals(feed)
    listener, late = feed.listen(everything, max_updates=3), feed.listen(everything)
    record(one, "abcd")
    assert taken(late) == ("abcd", 0)
    feed.miss()
    record(one, "e")
    assert taken(late) == ("", None)
    record(one, "f")
    assert taken(late) == ("f", 0)
    assert taken(listener, 2) == ("ab", 0)
    assert taken(listener) == ("c", None)
    record(one, "g")
    assert taken(listener) == ("g", 0)


def test_a_listener_that_waits_is_woken_if_calls_are_missing(feed: JournalFeed, wait: FakeWait) -> None:
    listener = feed.listen(everything)
    wait.meanwhile = feed.miss
    assert taken(listener) == ("", None)
    assert wait.waits == [(True, 1.0)]


def test_threads_lose_and_repeat_nothing() -> None:
    feed = JournalFeed()
    one, other = journals(feed)
    listener = feed.listen(everything)
    threads = [
        threading.Thread(target=lambda journal=journal: record(journal, "a" * 400))
        for journal in (one, other, one, other)
    ]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while len(seen) < 1600:
        batch = listener.take(30.0, 50)
        assert batch.updates
        assert batch.dropped == 0
        seen += [each.number for each in batch.updates]
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1600
