"""Calls that are recorded while the store is unavailable."""

from typing import Any

import pytest

from sandbox.engines.valkey import unsent as module
from sandbox.engines.valkey.topology import Command
from sandbox.engines.valkey.unsent import Unsent
from sandbox.world.errors import StoreUnavailable
from sandbox.world.journal import Key
from tests.engines.valkey.workers import OpenWorker, call
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyServer


class FakeCourier:
    """A courier that writes down what it has carried, and raises ``failure``."""

    def __init__(self) -> None:
        self.carried: list[Command] = []
        self.failure: StoreUnavailable | None = None

    def ask(self, *commands: Command) -> list[Any]:
        if self.failure is not None:
            raise self.failure
        self.carried += commands
        return [None] * len(commands)


@pytest.fixture
def courier() -> FakeCourier:
    return FakeCourier()


@pytest.fixture
def unsent(courier: FakeCourier) -> Unsent:
    fake: Any = courier
    return Unsent(fake)


def command(number: int) -> Command:
    return ("RECORD", number)


def again(number: int) -> Command:
    return ("RECORD", number, "again")


def test_commands_that_were_added_travel_with_the_next_one(courier: FakeCourier, unsent: Unsent) -> None:
    unsent.add(("COUNT", 1))
    assert courier.carried == []
    unsent.send(command(1), again(1))
    assert courier.carried == [("COUNT", 1), command(1)]
    unsent.add(("COUNT", 2))
    unsent.send_added()
    unsent.send_added()
    assert courier.carried[2:] == [("COUNT", 2)]


def test_commands_wait_while_the_store_is_unavailable(courier: FakeCourier, unsent: Unsent) -> None:
    courier.failure = StoreUnavailable("it is down")
    for number in range(250):
        unsent.send(command(number), again(number))
    unsent.send_waiting()
    assert len(unsent) == 250
    courier.failure = None
    unsent.send_waiting()
    assert len(unsent) == 0
    assert sorted(courier.carried, key=lambda each: int(each[1])) == [command(each) for each in range(250)]


def test_a_command_whose_reply_is_missing_is_repeated_as_such(courier: FakeCourier, unsent: Unsent) -> None:
    courier.failure = StoreUnavailable("its connection was lost", may_be_done=True)
    unsent.add(("COUNT", 1))
    unsent.send(command(1), again(1))
    assert len(unsent) == 1
    courier.failure = None
    unsent.send_waiting()
    # What was only added cannot be repeated.
    assert courier.carried == [again(1)]


def test_the_commands_that_wait_have_a_bound(
    courier: FakeCourier,
    unsent: Unsent,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(module, "MAX_COMMANDS", 5)
    courier.failure = StoreUnavailable("it is down")
    for number in range(9):
        unsent.send(command(number), again(number))
    assert len(unsent) == 5
    assert capsys.readouterr().err.count("journals lose calls") == 1
    courier.failure = None
    unsent.send_waiting()
    assert courier.carried == [command(each) for each in range(5)]


@pytest.mark.needs("valkey-server")
def test_calls_that_were_answered_while_the_store_was_away_are_in_the_journal_later(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    with TcpProxy(valkey.port) as proxy:
        worker = open_worker(f"valkey://127.0.0.1:{proxy.port}")
        with worker.using() as world:
            world.record(1, call(1))
            watch = worker.store.courier._watch  # noqa: SLF001  # to let the store be away
            watch.report("it is away")
            for number in range(2, 5):
                watch.reason = "it is away"
                world.record(1, call(number))
            worker.await_store()
            worker.store.unsent.send_waiting()
            assert {entry.id for entry in world.entries(Key(), 10)} == {
                f"call-{each}" for each in range(1, 5)
            }
            assert world.count_calls(Key()) == 4
