"""Turns of greenlets with long work."""

from collections.abc import Callable
from time import monotonic

import gevent
import pytest

from sandbox.server import turns as module
from sandbox.server.turns import Turns

PATIENCE_SECONDS = 10


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pause end the turn."""
    monkeypatch.setattr(module, "TURN_SECONDS", -1.0)


def run(*work: Callable[[], object]) -> None:
    """Run each function in a greenlet of its own, to its end."""
    with gevent.Timeout(PATIENCE_SECONDS):
        gevent.joinall([gevent.spawn(each) for each in work], raise_error=True)


def worker(turns: Turns, seen: list[str], name: str, steps: int = 3) -> Callable[[], None]:
    def work() -> None:
        for _ in range(steps):
            turns.pause()
            seen.append(name)

    return work


def test_greenlets_take_turns_in_the_order_in_which_they_wait() -> None:
    turns, seen = Turns(), list[str]()
    run(*(worker(turns, seen, name) for name in "abc"))
    assert "".join(seen) == "abcabcabc"


def test_each_turn_is_in_an_iteration_of_the_loop_of_its_own() -> None:
    turns, seen, number = Turns(), list[int](), [0]

    def work() -> None:
        for _ in range(5):
            turns.pause()
            seen.append(number[0])

    def count() -> None:
        number[0] += 1

    watcher = gevent.get_hub().loop.prepare()
    watcher.start(count)
    try:
        run(work, work, work)
    finally:
        watcher.stop()
        watcher.close()
    assert len(set(seen)) == len(seen) == 15


def test_turn_goes_on_until_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_SECONDS", 60.0)
    turns, seen = Turns(), list[str]()
    run(worker(turns, seen, "a"), worker(turns, seen, "b"))
    assert "".join(seen) == "aaabbb"


def test_greenlet_that_ends_while_it_waits_is_forgotten() -> None:
    turns, seen = Turns(), list[str]()
    lost = gevent.spawn(worker(turns, seen, "lost"))
    gevent.idle()
    begun = monotonic()
    lost.kill()
    run(worker(turns, seen, "a"), worker(turns, seen, "b"))
    assert "".join(seen).replace("lost", "") == "ababab"
    assert monotonic() - begun < PATIENCE_SECONDS


def test_turns_can_be_made_before_there_is_a_loop() -> None:
    """A server makes the application before it forks the process that answers."""
    turns = Turns()
    assert turns.__dict__["_timer"] is None
