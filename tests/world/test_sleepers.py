"""Calls that sleep in a sandbox, and what wakes them."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import pytest

from sandbox.world.sleepers import Event, Sleepers

PATIENCE_SECONDS = 10.0


class Bed:
    """A way to sleep in which something happens; it tells how long was asked for and who was awake after it."""

    def __init__(self, *happens: object) -> None:
        self.happens = list(happens)
        self.asked: list[float] = []
        self.woken: list[bool] = []

    def __call__(self, event: Event, seconds: float) -> None:
        self.asked.append(seconds)
        for action in self.happens:
            assert callable(action)
            action()
        self.woken.append(event.is_set())


def test_a_call_sleeps_as_long_as_it_was_told_and_is_then_forgotten() -> None:
    sleepers = Sleepers()
    counted: list[int] = []
    bed = Bed(lambda: counted.append(len(sleepers)))
    sleepers.sleep(2.5, None, bed)
    assert (bed.asked, bed.woken, counted, len(sleepers)) == ([2.5], [False], [1], 0)
    assert not sleepers.ended


def test_the_end_of_the_sandbox_wakes_whoever_sleeps_whatever_made_it_sleep() -> None:
    for rule_id in (None, "rule-1"):
        sleepers = Sleepers()
        bed = Bed(sleepers.end)
        sleepers.sleep(5, rule_id, bed)
        assert bed.woken == [True]
        assert sleepers.ended


def test_nobody_sleeps_any_more_where_the_sandbox_has_ended() -> None:
    sleepers = Sleepers()
    sleepers.end()
    sleepers.end()
    bed = Bed()
    sleepers.sleep(5, None, bed)
    assert bed.asked == []


@pytest.mark.parametrize(
    ("capture_response", "ended", "woken"), [("a", "a", True), ("a", "b", False), (None, "a", False)]
)
def test_the_end_of_a_rule_wakes_those_whom_it_made_sleep(
    capture_response: str | None, ended: str, woken: bool
) -> None:
    sleepers = Sleepers()
    bed = Bed(lambda: sleepers.wake(ended))
    sleepers.sleep(5, capture_response, bed)
    assert bed.woken == [woken]
    assert not sleepers.ended


def test_after_a_rule_has_ended_others_may_sleep_by_it_again() -> None:
    sleepers = Sleepers()
    sleepers.wake("a")
    bed = Bed()
    sleepers.sleep(5, "a", bed)
    assert (bed.asked, bed.woken) == ([5], [False])


def test_a_call_that_breaks_off_while_it_sleeps_is_forgotten() -> None:
    sleepers = Sleepers()

    def broken() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        sleepers.sleep(5, None, Bed(broken))
    assert len(sleepers) == 0


@pytest.mark.parametrize("end", [Sleepers.end, lambda sleepers: sleepers.wake("a")], ids=["end", "wake"])
def test_many_that_sleep_at_once_are_all_woken(end: object) -> None:
    assert callable(end)
    sleepers = Sleepers()
    asleep = Barrier(9)
    woken: list[bool] = []

    def wait(event: Event, seconds: float) -> None:
        asleep.wait(PATIENCE_SECONDS)
        woken.append(bool(event.wait(seconds)))

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(sleepers.sleep, PATIENCE_SECONDS, "a", wait)
        asleep.wait(PATIENCE_SECONDS)
        end(sleepers)
    assert woken == [True] * 8
    assert len(sleepers) == 0


@pytest.mark.parametrize("end", [Sleepers.end, lambda sleepers: sleepers.wake("a")], ids=["end", "wake"])
def test_whoever_is_woken_may_use_the_sleepers_while_others_are_still_being_woken(end: object) -> None:
    """Setting an event lets others run under gevent: no lock may be held then, or the whole server stands still."""
    assert callable(end)
    sleepers = Sleepers()
    stuck: list[bool] = []

    def wait(event: Event, _seconds: float) -> None:
        def set_() -> None:
            other = Thread(target=sleepers.wake, args=("nobody",), daemon=True)
            other.start()
            other.join(2)
            stuck.append(other.is_alive())

        event.set = set_  # type: ignore[method-assign]
        end(sleepers)

    sleepers.sleep(5, "a", wait)
    assert stuck == [False]


GREENLETS = """
from sandbox.world.sleepers import Sleepers, wait
from gevent import event, monkey
monkey.patch_all()
waited_on = []
Sleepers().sleep(0.001, None, lambda woken, seconds: (waited_on.append(woken), wait(woken, seconds)))
assert isinstance(waited_on[0], event.Event), waited_on
"""


def test_where_threads_were_patched_calls_sleep_on_what_took_their_place() -> None:
    """``gunicorn -k gevent`` does so after this module was imported; on Python's own events all would wake late."""
    subprocess.run([sys.executable, "-c", GREENLETS], check=True)


def test_a_call_sleeps_on_the_alarm_that_it_was_given() -> None:
    waited_on: list[Event] = []
    event = threading.Event()
    Sleepers().sleep(1, None, lambda woken, _: waited_on.append(woken), lambda: event)
    assert waited_on == [event]
