"""Greenlets that wait for an event: woken when it is set, or when their time is over, and never twice."""

import gevent
import pytest

from sandbox.server.greenlet_event import GreenletEvent

LONG = 60.0
"""Seconds that nobody waits: what is not woken at once makes the test run into its limit."""


def test_who_waits_is_woken_when_it_is_set() -> None:
    event = GreenletEvent()
    waiting = gevent.spawn(event.wait, LONG)
    gevent.idle()
    assert not waiting.ready()
    event.set()
    assert waiting.get(timeout=LONG / 2) is True
    assert event.is_set()


def test_who_is_not_woken_waits_until_the_time_is_over() -> None:
    event = GreenletEvent()
    assert event.wait(0.0) is False
    assert not event.is_set()


def test_nobody_waits_for_what_is_set_already() -> None:
    event = GreenletEvent()
    event.set()
    assert event.wait(LONG) is True


def test_to_set_it_when_the_time_is_over_or_twice_disturbs_nobody() -> None:
    event, later = GreenletEvent(), GreenletEvent()

    def wait_twice() -> tuple[bool, bool]:
        return event.wait(LONG), later.wait(LONG)

    waiting = gevent.spawn(wait_twice)
    gevent.idle()
    event.set()
    event.set()
    gevent.idle()
    assert not waiting.ready()
    later.set()
    assert waiting.get(timeout=LONG / 2) == (True, True)


def test_a_greenlet_that_is_killed_waits_no_more_and_can_still_be_called() -> None:
    event = GreenletEvent()
    waiting = gevent.spawn(event.wait, LONG)
    gevent.idle()
    waiting.kill()
    event.set()
    gevent.idle()
    assert waiting.ready()


@pytest.mark.parametrize("count", [1, 100])
def test_many_alarms_wake_each_its_own(count: int) -> None:
    events = [GreenletEvent() for _ in range(count)]
    waiting = [gevent.spawn(event.wait, LONG) for event in events]
    gevent.idle()
    for at, event in enumerate(events):
        event.set()
        assert waiting[at].get(timeout=LONG / 2) is True
        assert not any(other.ready() for other in waiting[at + 1 :])
