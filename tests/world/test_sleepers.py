"""Calls that sleep in a sandbox, and what wakes them."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import pytest

from sandbox.world.rule_life import RuleLife
from sandbox.world.sleepers import Event, RuleSleepers, Sleepers, new_event, wait
from tests.world.harness import FakeWait, woken_calls

TIMEOUT_SECONDS = 10.0

RULE = RuleLife()
OTHER = RuleLife()


@pytest.fixture(autouse=True)
def begin_rules() -> None:
    for life in (RULE, OTHER):
        life.has_ended = life.is_suspended = False


def end(sleepers: Sleepers, life: RuleLife) -> None:
    life.has_ended = True
    sleepers.wake()


def wake_rules(sleepers: Sleepers) -> None:
    end(sleepers, RULE)


wake_all = pytest.mark.parametrize(
    "wake",
    [lambda sleepers: sleepers.begin_generation(2), wake_rules],
    ids=["begin_generation", "wake"],
)


def test_call_sleeps_for_its_seconds_and_is_then_forgotten() -> None:
    counts: list[int] = []
    wait = FakeWait(lambda: counts.append(len(sleepers)))
    sleepers = Sleepers(1, wait)
    assert not sleepers.sleep(1, 2.5, None)
    assert (wait.seconds, counts, len(sleepers)) == ([2.5], [1], 0)


@pytest.mark.parametrize("life", [None, RULE], ids=["no rule", "rule"])
def test_new_generation_wakes_calls_of_any_rule(life: RuleLife | None) -> None:
    sleepers = Sleepers(1, FakeWait(lambda: sleepers.begin_generation(2)))
    assert sleepers.sleep(1, 5, life)


def test_call_of_an_old_generation_is_woken_at_once() -> None:
    wait = FakeWait()
    sleepers = Sleepers(1, wait)
    sleepers.begin_generation(2)
    assert sleepers.sleep(1, 5, None)
    assert wait.seconds == []


def test_call_of_the_new_generation_sleeps() -> None:
    wait = FakeWait()
    sleepers = Sleepers(1, wait)
    sleepers.begin_generation(2)
    assert not sleepers.sleep(2, 5, None)
    assert wait.seconds == [5]


def test_call_of_the_new_generation_that_sleeps_early_is_not_woken() -> None:
    """A sandbox begins a generation before it wakes the sleeping calls: a new call may fall asleep in between."""
    wait = FakeWait(lambda: sleepers.begin_generation(2))
    sleepers = Sleepers(1, wait)
    assert not sleepers.sleep(2, 5, None)
    assert wait.seconds == [5]


def test_generation_never_decreases() -> None:
    """Of two resets at the same time, the earlier may be the last one that wakes the sleeping calls."""
    wait = FakeWait()
    sleepers = Sleepers(1, wait)
    sleepers.begin_generation(3)
    sleepers.begin_generation(2)
    assert sleepers.sleep(2, 5, None)
    assert not sleepers.sleep(3, 5, None)
    assert wait.seconds == [5]


@pytest.mark.parametrize(
    ("life", "ended", "woken"), [(RULE, RULE, True), (RULE, OTHER, False), (None, RULE, False)]
)
def test_wake_wakes_only_calls_of_the_ended_rule(life: RuleLife | None, ended: RuleLife, woken: bool) -> None:
    sleepers = Sleepers(1, FakeWait(lambda: end(sleepers, ended)))
    assert sleepers.sleep(1, 5, life) is woken


def test_wake_wakes_the_calls_of_a_rule_that_is_switched_off() -> None:
    def switch_off() -> None:
        RULE.is_suspended = True
        sleepers.wake()

    wait = FakeWait(switch_off)
    sleepers = Sleepers(1, wait)
    assert sleepers.sleep(1, 5, RULE)
    RULE.is_suspended = False
    assert not sleepers.sleep(1, 5, RULE)
    assert wait.seconds == [5, 5]


def test_call_of_a_rule_that_ended_before_it_sleeps_is_woken_at_once() -> None:
    """A rule may end between the moment when it fires and the moment when its call falls asleep."""
    wait = FakeWait()
    sleepers = Sleepers(1, wait)
    end(sleepers, RULE)
    assert sleepers.sleep(1, 5, RULE)
    assert not sleepers.sleep(1, 5, OTHER)
    assert wait.seconds == [5]
    assert len(sleepers) == 0


def test_call_that_fails_while_it_sleeps_is_forgotten() -> None:
    def fail() -> None:
        raise ConnectionError

    sleepers = Sleepers(1, FakeWait(fail))
    with pytest.raises(ConnectionError):
        sleepers.sleep(1, 5, None)
    assert len(sleepers) == 0


def test_end_of_a_server_wide_rule_wakes_its_calls_in_all_sandboxes() -> None:
    wait = FakeWait()
    everyone = RuleSleepers()
    sandboxes = [Sleepers(1, wait, rule_sleepers=everyone) for _ in range(3)]

    def sleep_of(sleepers: Sleepers, life: RuleLife | None) -> Callable[[], bool]:
        return lambda: sleepers.sleep(1, 5, life)

    def end_rule() -> None:
        RULE.has_ended = True
        everyone.wake()

    sleeps = [sleep_of(sleepers, life) for sleepers in sandboxes for life in (RULE, OTHER, None)]
    assert woken_calls(wait, sleeps, end_rule) == [True, False, False] * 3


def test_switched_off_server_wide_rule_wakes_its_calls_in_all_sandboxes() -> None:
    everyone = RuleSleepers()

    def switch_off() -> None:
        RULE.is_suspended = True
        everyone.wake()

    assert Sleepers(1, FakeWait(switch_off), rule_sleepers=everyone).sleep(1, 5, RULE)


def test_call_that_woke_up_is_forgotten_in_all_sandboxes() -> None:
    counts: list[int] = []
    everyone = RuleSleepers()
    sleepers = Sleepers(1, FakeWait(lambda: counts.append(len(everyone))), rule_sleepers=everyone)
    sleepers.sleep(1, 5, RULE)
    assert (counts, len(everyone)) == ([1], 0)


@wake_all
def test_all_sleeping_calls_are_woken(wake: Callable[[Sleepers], None]) -> None:
    asleep = Barrier(9)
    woken: list[bool] = []

    def wait(event: Event, seconds: float) -> None:
        asleep.wait(TIMEOUT_SECONDS)
        woken.append(bool(event.wait(seconds)))

    sleepers = Sleepers(1, wait)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(sleepers.sleep, 1, TIMEOUT_SECONDS, RULE)
        asleep.wait(TIMEOUT_SECONDS)
        wake(sleepers)
    assert woken == [True] * 8
    assert len(sleepers) == 0


@wake_all
def test_no_lock_is_held_while_events_are_set(wake: Callable[[Sleepers], None]) -> None:
    """A greenlet that is woken may run at once: if a lock were held then, the whole server would stop."""
    blocked: list[bool] = []

    def wait(event: Event, _seconds: float) -> None:
        def set_() -> None:
            other = Thread(target=sleepers.begin_generation, args=(1,), daemon=True)
            other.start()
            other.join(2)
            blocked.append(other.is_alive())

        event.set = set_  # type: ignore[method-assign]
        wake(sleepers)

    sleepers = Sleepers(1, wait)
    sleepers.sleep(1, 5, RULE)
    assert blocked == [False]


SLEEP_AFTER_PATCH = """
from sandbox.world.sleepers import Sleepers, wait
from gevent import event, monkey
monkey.patch_all()
waited_on = []
sleepers = Sleepers(1, lambda woken, seconds: (waited_on.append(woken), wait(woken, seconds)))
sleepers.sleep(1, 0.001, None)
assert isinstance(waited_on[0], event.Event), waited_on
"""


def test_calls_sleep_on_gevent_events_after_monkey_patching() -> None:
    """``gunicorn -k gevent`` patches after this module was imported; on Python's own events all calls wake late."""
    subprocess.run([sys.executable, "-c", SLEEP_AFTER_PATCH], check=True)


def test_call_sleeps_on_the_given_event() -> None:
    waited_on: list[Event] = []
    event = threading.Event()
    sleepers = Sleepers(1, lambda woken, _: waited_on.append(woken), lambda: event)
    sleepers.sleep(1, 1, None)
    assert waited_on == [event]


def test_wait_returns_when_the_event_is_set() -> None:
    event = new_event()
    assert not wait(event, 0)
    event.set()
    assert wait(event, TIMEOUT_SECONDS)
