"""The log of a world: positions, appends, loads, checkpoints, and the end, as the functions of the store answer."""

from collections.abc import Callable

import pytest

from sandbox.engines.valkey.log import (
    ABSENT,
    OTHER,
    SAME,
    Alias,
    Entry,
    Nonces,
    Position,
    Saved,
    WorldLog,
)
from sandbox.world.errors import StoreUnavailable
from tests.engines.valkey.workers import OpenWorker
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")


class Logs:
    """The log of one world as two workers see it."""

    def __init__(self, open_worker: OpenWorker) -> None:
        self.stores = [open_worker().store, open_worker().store]
        self.one: WorldLog
        self.other: WorldLog
        self.one, self.other = (store.log("w") for store in self.stores)

    def begin(self, checkpoint: bytes = b"start") -> Position:
        assert self.one.begin(checkpoint, size=2, label="label", life=0)
        return self.load().position

    def load(self) -> Saved:
        saved = self.one.load()
        assert isinstance(saved, Saved)
        return saved

    def see(self, position: Position) -> object:
        (reply,) = self.stores[0].courier.ask(self.one.see(position))
        return [Entry.of(each).change for each in reply] if isinstance(reply, list) else reply

    def append(self, position: Position, change: bytes) -> Position:
        entry = Entry(self.one.nonces.next(), change)
        assert appended(self.one, position, entry) is True
        return Position(position.incarnation, position.number + 1, entry.nonce)


def appended(log: WorldLog, position: Position, entry: Entry) -> object:
    return log.append(position, entry, size=3, generation=1, clears_journal=False, wakes=False)


@pytest.fixture
def logs(open_worker: OpenWorker) -> Logs:
    return Logs(open_worker)


def test_nonces_all_differ() -> None:
    first, second = Nonces(), Nonces()
    assert len({each.next() for each in (first, second) for _ in range(100)}) == 200


def test_nonces_begin_with_their_prefix_and_those_of_others_do_not() -> None:
    first, second = Nonces(), Nonces()
    assert first.next().startswith(first.prefix)
    assert not second.next().startswith(first.prefix)


def test_a_world_begins_once(logs: Logs) -> None:
    assert logs.one.load() is None
    position = logs.begin()
    assert not logs.other.begin(b"another", size=2, label="l", life=0)
    saved = logs.load()
    assert (saved.checkpoint, saved.label, saved.entries) == (b"start", "label", [])
    assert (saved.seconds_left, saved.mark) == (None, "")
    assert saved.position == position
    assert position.number == 0


def test_changes_are_appended_to_the_last_one_alone(logs: Logs) -> None:
    start = logs.begin()
    first = logs.append(start, b"one\nwith lines\n")
    lost = Entry(b"n", b"two")
    assert [Entry.of(each).change for each in appended(logs.other, start, lost)] == [b"one\nwith lines\n"]  # type: ignore[attr-defined]  # a list
    second = logs.append(first, b"two")
    assert logs.see(second) == SAME
    assert logs.see(first) == [b"two"]
    assert logs.see(start) == [b"one\nwith lines\n", b"two"]


@pytest.mark.parametrize(
    "differs",
    [
        lambda position: position._replace(incarnation=b"another"),
        lambda position: position._replace(nonce=b"another"),
        lambda position: position._replace(number=position.number + 1),
        lambda position: position._replace(number=0),
    ],
)
def test_a_position_of_another_history_is_not_known(
    logs: Logs, differs: Callable[[Position], Position]
) -> None:
    position = logs.append(logs.append(logs.begin(), b"one"), b"two")
    unknown = differs(position)
    assert logs.see(unknown) == OTHER
    assert appended(logs.one, unknown, Entry(b"n", b"c")) == OTHER
    assert logs.see(position) == SAME


def test_an_attempt_that_is_repeated_finds_its_change(logs: Logs) -> None:
    start = logs.begin()
    entry = Entry(b"nonce", b"one")
    assert appended(logs.one, start, entry) is True
    assert appended(logs.one, start, entry) is True
    assert logs.see(start) == [b"one"]


def test_a_dropped_world_is_absent(logs: Logs) -> None:
    position = logs.begin()
    assert logs.other.drop()
    assert logs.see(position) == ABSENT
    assert appended(logs.one, position, Entry(b"n", b"c")) == ABSENT
    assert logs.one.load() is None
    assert not logs.one.drop()
    logs.begin()
    assert logs.see(position) == OTHER


def test_a_checkpoint_replaces_the_changes_before_the_one_before_it(logs: Logs, valkey: ValkeyServer) -> None:
    start = logs.begin()
    first = logs.append(start, b"1")
    second = logs.append(first, b"2")
    third = logs.append(second, b"3")
    logs.other.save(second, b"checkpoint of 2")
    saved = logs.load()
    assert (saved.position, saved.checkpoint) == (second, b"checkpoint of 2")
    assert [Entry.of(each).change for each in saved.entries] == [b"3"]
    assert logs.see(start) == [b"1", b"2", b"3"]
    logs.one.save(third, b"checkpoint of 3")
    assert logs.see(start) == logs.see(first) == OTHER
    assert logs.see(second) == [b"3"]
    assert logs.load().entries == []
    assert valkey.run("LLEN", logs.one.keys.log) == 1
    fourth = logs.append(third, b"4")
    assert logs.see(second) == [b"3", b"4"]
    assert [Entry.of(each).change for each in logs.load().entries] == [b"4"]
    assert logs.see(fourth) == SAME


def test_an_older_checkpoint_does_not_replace_a_newer_one(logs: Logs) -> None:
    first = logs.append(logs.begin(), b"1")
    second = logs.append(first, b"2")
    logs.one.save(second, b"checkpoint of 2")
    logs.other.save(first, b"checkpoint of 1")
    logs.other.save(second, b"another checkpoint of 2")
    assert logs.load().checkpoint == b"checkpoint of 2"


def test_a_checkpoint_of_another_history_is_refused(logs: Logs) -> None:
    position = logs.append(logs.begin(), b"1")
    logs.one.save(position._replace(nonce=b"another"), b"wrong")
    logs.one.save(position._replace(number=5), b"wrong")
    logs.one.save(position._replace(incarnation=b"another"), b"wrong")
    assert logs.load().checkpoint == b"start"


def test_large_values_are_written_and_read(logs: Logs) -> None:
    large = b"l" * 1_000_000
    start = logs.begin(large)
    position = logs.append(start, large)
    assert logs.load().checkpoint == large
    assert logs.see(start) == [large]
    logs.one.save(position, large + large)
    assert logs.load().checkpoint == large + large


def test_many_changes_are_read_in_parts(logs: Logs) -> None:
    start = position = logs.begin()
    for number in range(1005):
        position = logs.append(position, b"%d" % number)
    first = logs.see(start)
    assert isinstance(first, list)
    assert len(first) == len(logs.load().entries) == 1000
    assert logs.see(Position(start.incarnation, 1000, Entry.of(logs.load().entries[-1]).nonce)) == [
        b"%d" % number for number in range(1000, 1005)
    ]


def test_an_alias_is_read_where_there_is_no_world(logs: Logs, valkey: ValkeyServer) -> None:
    alias = Alias("name-with-hyphens_", "0f-1-2")
    valkey.run("SET", logs.one.keys.alias, alias.text)
    assert logs.one.load() == alias
    logs.begin()
    assert isinstance(logs.one.load(), Saved)


def test_a_missing_checkpoint_makes_the_world_unavailable(logs: Logs, valkey: ValkeyServer) -> None:
    logs.begin()
    valkey.run("UNLINK", logs.one.keys.checkpoint)
    with pytest.raises(StoreUnavailable, match="checkpoint is missing"):
        logs.one.load()


def test_another_format_makes_the_world_unavailable(logs: Logs, valkey: ValkeyServer) -> None:
    logs.begin()
    valkey.run("HSET", logs.one.keys.meta, "f", 2)
    with pytest.raises(StoreUnavailable, match="format 2"):
        logs.one.load()


def test_the_end_of_a_world_is_a_time_of_the_store(logs: Logs) -> None:
    logs.one.begin(b"", size=0, label="l", life=100, seconds_left=50, mark="m")
    saved = logs.load()
    assert saved.mark == "m"
    assert saved.seconds_left is not None
    assert 0 < saved.seconds_left <= 50
