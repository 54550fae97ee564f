"""Signals between greenlets, which only ``set`` and a timeout end."""

import gevent
import pytest

from sandbox.server.greenlet_signal import GreenletSignal

LONG = 60.0
"""A timeout in seconds that is not reached unless a test fails."""


def test_set_wakes_the_greenlet_that_waits() -> None:
    signal = GreenletSignal()
    waiting = gevent.spawn(signal.wait, LONG)
    gevent.idle()
    assert not waiting.ready()
    signal.set()
    signal.set()
    assert waiting.get(timeout=LONG / 2) is True
    assert signal.is_set()


def test_wait_ends_after_the_timeout() -> None:
    signal = GreenletSignal()
    assert signal.wait(0.0) is False
    assert not signal.is_set()


def test_wait_returns_at_once_if_it_is_set() -> None:
    signal = GreenletSignal()
    signal.set()
    assert signal.wait(LONG) is True


def test_a_wait_of_no_time_lets_other_greenlets_run() -> None:
    ran: list[str] = []
    gevent.spawn(ran.append, "other")
    GreenletSignal().wait(0.0)
    assert ran == ["other"]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_killed_greenlet_is_not_woken(is_late: bool) -> None:
    signal = GreenletSignal()
    waiting = gevent.spawn(signal.wait, LONG)
    gevent.idle()
    if is_late:
        signal.set()
    waiting.kill()
    signal.set()
    gevent.idle()
    assert waiting.ready()
