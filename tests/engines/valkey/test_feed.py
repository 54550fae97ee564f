"""The feed: calls that other workers record, for the listeners of this one, and the subscription that they need."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.engines.valkey.feed import SharedFeed
from sandbox.engines.valkey.keys import Keys
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.errors import StoreUnavailable
from sandbox.world.journal_feed import JournalFeed, Update
from tests.engines.valkey.workers import OpenWorker, Worker, call, feed_of, taken
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")


def listeners_of(valkey: ValkeyServer, worker: Worker) -> int:
    """Return the number of workers that have subscribed to the calls."""
    number: int = valkey.run("PUBSUB NUMSUB", worker.keys.calls)[0][1]
    return number


def test_a_listener_is_told_of_the_calls_of_all_workers(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    listener = feed_of(second).listen(lambda _: True)
    with first.using() as one, second.using() as other:
        one.record(1, call(1))
        other.record(1, call(2, body="é\n"))
        numbered = one.numbered_entries()
        label = second.slot().label
    assert taken(listener, 2) == [Update(number, label, entry) for number, entry in numbered]
    assert second.fleet.label_of(label) == next(iter(first.fleet.summaries())).label


def test_a_listener_is_told_that_a_journal_was_emptied(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    listener = feed_of(second).listen(lambda _: True)
    with first.using() as world:
        world.record(1, call(1))
        world.clear_journal(1)
        world.reset(world.state)
    assert [update.entry for update in taken(listener, 3)] == [call(1), None, None]


def test_calls_of_the_past_are_not_told(open_worker: OpenWorker) -> None:
    worker = open_worker()
    with worker.using() as world:
        world.record(1, call(1))
        listener = feed_of(worker).listen(lambda _: True)
        world.record(1, call(2))
    assert [update.entry for update in taken(listener, 1)] == [call(2)]


def test_calls_are_told_only_while_somebody_listens(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker()
    feed = feed_of(worker)
    assert listeners_of(valkey, worker) == 0
    one, other = feed.listen(lambda _: True), feed.listen(lambda _: True)
    assert listeners_of(valkey, worker) == 1
    feed.leave(one)
    assert listeners_of(valkey, worker) == 1
    feed.leave(other)
    while listeners_of(valkey, worker):
        pass
    again = feed.listen(lambda _: True)
    with worker.using() as world:
        world.record(1, call(1))
    assert taken(again, 1)


class FakeSubscription:
    """The channels of a subscription. Before one is removed, the next of ``steps`` is taken."""

    def __init__(self) -> None:
        self.channels: set[str] = set()
        self.steps: Iterator[Any] = iter(())

    def add(self, channel: str) -> None:
        self.channels.add(channel)

    def remove(self, channel: str) -> None:
        next(self.steps, None)
        self.channels.discard(channel)


@pytest.fixture
def parts() -> SimpleNamespace:
    """Return a feed whose messages arrive if ``arrives``."""
    subscription: Any = FakeSubscription()
    found = SimpleNamespace(subscription=subscription, arrives=True, probes=0)

    def ask(command: tuple[Any, ...]) -> None:
        found.probes += 1
        if found.arrives:
            found.shared.receive(command[2])

    courier: Any = SimpleNamespace(ask=ask)
    found.feed = JournalFeed()
    waits = Concurrency(wait=lambda _event, _seconds: None, new_signal=THREADS.new_signal)
    found.shared = SharedFeed(found.feed, Keys("p:"), courier, subscription, waits)
    return found


def test_a_listener_waits_until_its_messages_arrive(parts: SimpleNamespace) -> None:
    listener = parts.feed.listen(lambda _: True)
    assert (parts.probes, parts.subscription.channels) == (1, {"p:calls"})
    assert listener.take(0.0, 10).updates == ()


def test_a_listener_whose_messages_do_not_arrive_is_refused(parts: SimpleNamespace) -> None:
    parts.arrives = False
    with pytest.raises(StoreUnavailable):
        parts.feed.listen(lambda _: True)
    assert parts.feed.listeners == ()
    assert parts.subscription.channels == set()
    parts.arrives = True
    parts.feed.listen(lambda _: True)
    parts.shared.receive(b"probe of another worker")


def test_a_listener_that_begins_while_the_last_one_leaves_is_told(parts: SimpleNamespace) -> None:
    left = parts.feed.listen(lambda _: True)

    def listen() -> Iterator[None]:
        yield parts.feed.listen(lambda _: True)

    parts.subscription.steps = listen()
    parts.feed.leave(left)
    assert parts.feed.listeners
    assert parts.subscription.channels == {"p:calls"}


def test_the_last_one_that_leaves_too_late_ends_nothing(parts: SimpleNamespace) -> None:
    parts.feed.listen(lambda _: True)
    parts.shared.end()
    assert parts.subscription.channels == {"p:calls"}
