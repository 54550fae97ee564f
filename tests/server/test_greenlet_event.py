"""Greenlets that wait for an event: they are woken once, when it is set or after a timeout."""

import socket

import gevent
import pytest

from sandbox.http.client import Client, Disconnects, Phase
from sandbox.server.greenlet_event import GreenletEvent

LONG = 60.0
"""A timeout in seconds that is not reached unless a test fails."""


def test_set_wakes_a_waiting_greenlet() -> None:
    event = GreenletEvent()
    waiting = gevent.spawn(event.wait, LONG)
    gevent.idle()
    assert not waiting.ready()
    event.set()
    assert waiting.get(timeout=LONG / 2) is True
    assert event.is_set()


def test_wait_returns_false_after_the_timeout() -> None:
    event = GreenletEvent()
    assert event.wait(0.0) is False
    assert not event.is_set()


def test_wait_returns_at_once_if_the_event_is_set() -> None:
    event = GreenletEvent()
    event.set()
    assert event.wait(LONG) is True


def test_setting_an_event_twice_has_no_further_effect() -> None:
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


def test_a_killed_greenlet_is_not_woken() -> None:
    event = GreenletEvent()
    waiting = gevent.spawn(event.wait, LONG)
    gevent.idle()
    waiting.kill()
    event.set()
    gevent.idle()
    assert waiting.ready()


@pytest.mark.parametrize("count", [1, 100])
def test_each_event_wakes_its_own_greenlet(count: int) -> None:
    events = [GreenletEvent() for _ in range(count)]
    waiting = [gevent.spawn(event.wait, LONG) for event in events]
    gevent.idle()
    for at, event in enumerate(events):
        event.set()
        assert waiting[at].get(timeout=LONG / 2) is True
        assert not any(other.ready() for other in waiting[at + 1 :])


def test_a_disconnect_wakes_the_call() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    client = Client(ours, "here", Disconnects())
    client.phase = Phase.CALL
    event = GreenletEvent()

    def call() -> bool:
        client.serve_here()
        return event.wait(60)

    waiting = gevent.spawn(call)
    gevent.sleep(0)
    theirs.close()
    with gevent.Timeout(20):
        assert waiting.get()
    assert client.has_disconnected
    client.close()
