"""Journals in a store: bounds, counters, numbers, filters, clear, resets, and calls that are recorded meanwhile."""

from dataclasses import replace

import pytest

from sandbox.engines.valkey.journal import SharedJournal
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.world.errors import SandboxReset
from sandbox.world.journal import Key
from sandbox.world.runtime import Bounds
from tests.engines.valkey.workers import OpenWorker, Worker, call
from tests.valkey_server import ValkeyServer
from tests.world.harness import BOUNDS, run_in_threads

pytestmark = pytest.mark.needs("valkey-server")

ALL = 1_000_000


def ids(world: SharedSandbox, wanted: Key | None = None) -> list[str]:
    return [entry.id for entry in world.entries(wanted or Key(), ALL)]


def test_calls_of_all_workers_are_in_one_journal(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as one, second.using() as other:
        one.record(1, call(1, status=201))
        other.record(1, call(2, status=404, method="BREW", body="é\n\x1f", operation=None))
        one.record(1, call(3, status=None))
        for world in (one, other):
            assert world.entries(Key(), 2) == [
                call(3, status=None),
                call(2, status=404, method="BREW", body="é\n\x1f", operation=None),
            ]
            assert ids(world, Key(status=404)) == ids(world, Key(method="OTHER")) == ["call-2"]
            assert world.count_calls(Key()) == 3
            assert world.count_calls(Key(operation="listConversations")) == 2
            assert not world.journal_truncated


def test_numbers_order_the_calls_of_all_worlds(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    for number in range(20):
        with (first, second)[number % 2].using(("me", "you")[number % 3 % 2]) as world:
            world.record(1, call(number))
    numbered = sorted(pair for _, journal in first.fleet.journals() for pair in journal)
    assert [entry.id for _, entry in numbered] == [f"call-{number}" for number in range(20)]
    assert len({number for number, _ in numbered}) == 20


def test_numbers_do_not_go_back_with_the_clock_of_the_store(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    worker = open_worker()
    with worker.using() as world:
        valkey.run("HSET", worker.keys_of().meta, "u", 4_000_000_000_000_000)
        for number in range(3):
            world.record(1, call(number))
        assert [number for number, _ in world.numbered_entries()] == [
            4_000_000_000_000_000 + each for each in (1, 2, 3)
        ]


def bounded(worker: Worker, bounds: Bounds) -> SharedJournal:
    return SharedJournal(worker.keys_of(), worker.store, bounds)


def test_the_oldest_calls_make_room(open_worker: OpenWorker) -> None:
    first, second = open_worker(journal_entries=3), open_worker(journal_entries=3)
    with first.using() as one, second.using() as other:
        for number in range(5):
            (one, other)[number % 2].record(1, call(number))
        assert ids(one) == ids(other) == ["call-4", "call-3", "call-2"]
        assert one.journal_truncated
        assert other.count_calls(Key()) == 5


def test_a_journal_has_a_bound_of_bytes(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker()
    with worker.using() as world:
        incarnation = world.position.incarnation
        journal = bounded(worker, replace(BOUNDS, journal_entries=100, journal_bytes=4000))
        for number in range(10):
            journal.record(incarnation, 1, call(number, body="b" * 1000))
        assert [entry.id for entry in journal.entries(Key(), ALL)] == ["call-9", "call-8", "call-7"]
        sizes = sum(map(len, valkey.run("LRANGE", worker.keys_of().calls, 0, -1)))
        assert int(valkey.run("HGET", worker.keys_of().meta, "b")) == sizes <= 4000
        journal.record(incarnation, 1, call(body="b" * 10_000))
        assert journal.entries(Key(), ALL) == []
        assert journal.truncated
        journal.record(incarnation, 1, call(11))
        assert journal.entries(Key(), ALL) == [call(11)]
        assert journal.count(Key()) == 12


def test_a_journal_goes_on_whose_list_was_evicted(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker()
    with worker.using() as world:
        journal = bounded(worker, replace(BOUNDS, journal_bytes=1000))
        for number in range(3):
            journal.record(world.position.incarnation, 1, call(number))
        valkey.run("UNLINK", worker.keys_of().calls)
        valkey.run("HSET", worker.keys_of().meta, "b", 5000)
        for number in range(3):
            journal.record(world.position.incarnation, 1, call(number))
        assert journal.count(Key()) == 6


def test_cleared_journals_are_empty_for_all_workers(open_worker: OpenWorker) -> None:
    first, second = open_worker(journal_entries=2), open_worker(journal_entries=2)
    with first.using() as one, second.using() as other:
        for number in range(3):
            one.record(1, call(number))
        other.clear_journal(1)
        assert ids(one) == []
        assert (one.count_calls(Key()), one.journal_truncated) == (0, False)
        one.record(1, call(4))
        assert ids(other) == ["call-4"]


def test_a_reset_empties_the_journal_and_an_import_does_not(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as one, second.using() as other:
        one.record(1, call(1))
        other.load(1, other.state)
        assert ids(one) == ["call-1"]
        other.reset(other.state)
        assert ids(one) == []
        # A call that began before the reset, as this worker knows, or does not know yet.
        other.record(2, call(2))
        one.record(1, call(3))
        assert ids(other) == []
        other.record(3, call(4))
        assert ids(one) == ["call-4"]


def test_a_generation_that_is_over_clears_no_journal(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as one, second.using() as other:
        other.load(1, other.state)
        other.record(2, call())
        with pytest.raises(SandboxReset):
            one.clear_journal(1)
        assert ids(other) == ["call-1"]


def test_calls_of_a_dropped_world_are_in_no_journal(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    first, second = open_worker(), open_worker()
    with second.using() as world:
        first.fleet.drop(first.fleet.id_of_key("me"))
        world.record(1, call(1))
        assert not valkey.run("EXISTS", first.keys_of().calls)
        with first.using() as again:
            world.record(1, call(2))
            again.record(1, call(3))
            assert ids(again) == ["call-3"]


def test_each_call_is_once_in_a_list_that_is_read_while_others_are_recorded(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = open_worker()
    with worker.using() as world:
        for number in range(450):
            world.record(1, call(number))
        journal = world._shared_journal  # noqa: SLF001  # to record between two of its commands
        ask = SharedJournal._ask  # noqa: SLF001  # likewise

        def ask_and_record(self: SharedJournal, *command: object) -> object:
            reply = ask(self, *command)
            world.record(1, call(1000))
            return reply

        monkeypatch.setattr(SharedJournal, "_ask", ask_and_record)
        entries = journal.entries(Key(), ALL)
    assert [entry.id for entry in entries] == [f"call-{number}" for number in range(449, -1, -1)]


def test_calls_that_are_recorded_at_once_are_all_counted(open_worker: OpenWorker) -> None:
    workers = open_worker(), open_worker()

    def record(number: int) -> None:
        with workers[number % 2].using() as world:
            for each in range(20):
                world.record(1, call(number * 100 + each))
                assert not world.journal_truncated

    run_in_threads(record)
    with workers[0].using() as world:
        assert len(set(ids(world))) == world.count_calls(Key()) == 160
        numbers = [number for number, _ in world.numbered_entries()]
    assert numbers == sorted(set(numbers))
