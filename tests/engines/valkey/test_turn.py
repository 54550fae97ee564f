"""Turns: their order, their end, calls that do not get one in time, and those of ids."""

from threading import Thread

import pytest

from sandbox.engines.valkey.turn import Turn, Turns
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.errors import StoreUnavailable
from sandbox.world.sleepers import Event
from tests.world.harness import run_in_threads


def test_one_call_after_the_other_has_the_turn() -> None:
    turn = Turn(THREADS, 30.0)
    having: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with turn:
                having.append(number)
                most.append(len(having))
                having.remove(number)

    run_in_threads(work)
    assert most == [1] * 160


def test_calls_get_the_turn_in_their_order() -> None:
    order: list[int] = []
    waiting: list[Event] = []

    def wait(event: Event, seconds: float) -> None:
        waiting.append(event)
        event.wait(seconds)

    turn = Turn(Concurrency(wait=wait), 30.0)

    def work(number: int) -> None:
        with turn:
            order.append(number)

    threads = [Thread(target=work, args=(number,)) for number in range(5)]
    with turn:
        for number, thread in enumerate(threads):
            thread.start()
            while len(waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(5))


def test_a_call_that_waits_too_long_gives_up() -> None:
    seconds = []
    turn = Turn(Concurrency(wait=lambda _event, given: seconds.append(given)), 2.5)
    with turn:
        with pytest.raises(StoreUnavailable, match="wait"), turn:
            raise AssertionError
        assert seconds == [2.5]
    with turn:
        pass


def test_a_call_whose_turn_comes_as_it_is_killed_passes_it_on() -> None:
    class Killed(BaseException):
        pass

    def wait(event: Event, _seconds: float) -> None:
        turn.__exit__(None, None, None)
        assert event.is_set()
        raise Killed

    turn = Turn(Concurrency(wait=wait), 1.0)
    turn.__enter__()
    with pytest.raises(Killed):
        turn.__enter__()
    with turn:
        pass


def test_turns_of_ids_are_forgotten_when_nobody_needs_them() -> None:
    turns = Turns(lambda: Turn(Concurrency(wait=lambda _event, _seconds: None), 1.0))
    with turns.of("a"), turns.of("b"):
        assert len(turns) == 2
        with pytest.raises(StoreUnavailable), turns.of("a"):
            raise AssertionError
        assert len(turns) == 2
    assert len(turns) == 0
    with pytest.raises(ValueError), turns.of("a"):  # noqa: PT011  # any error of the block
        raise ValueError
    assert len(turns) == 0
