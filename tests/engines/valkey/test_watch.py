"""The watch over a store: a failure makes it unavailable, and a ping that succeeds available."""

from collections.abc import Callable

import pytest

from sandbox.engines.valkey.watch import Watch
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from sandbox.world.sleepers import Event


class Pings:
    """Pings that succeed or fail as ``outcomes`` say, one after the other."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)

    def __call__(self) -> None:
        outcome = self.outcomes.pop(0)
        if outcome is not None:
            raise outcome


def test_a_store_is_unavailable_from_a_failure_to_the_next_ping_that_succeeds() -> None:
    changes: list[str | None] = []
    watch = Watch(
        Pings(None, StoreUnavailable("gone"), StoreUnavailable("still gone"), None),
        Concurrency(),
        on_change=lambda: changes.append(watch.reason),
    )
    states = [watch.is_available]
    reasons = []
    for _ in range(4):
        watch.check()
        states.append(watch.is_available)
        reasons.append(watch.reason)
    assert states == [True, True, False, False, True]
    assert reasons == [None, "gone", "still gone", None]
    assert changes == ["gone", None]


def test_a_reported_failure_makes_it_unavailable_at_once() -> None:
    watch = Watch(Pings(None), Concurrency())
    watch.report("cut")
    watch.report("cut again")
    assert watch.reason == "cut"
    watch.check()
    assert watch.is_available


def test_an_unexpected_error_of_a_ping_does_not_end_the_watch() -> None:
    watch = Watch(Pings(ValueError("a\nb"), None), Concurrency())
    watch.check()
    assert watch.reason == r"ValueError('a\nb')"
    watch.check()
    assert watch.is_available


@pytest.mark.parametrize("reports", [False, True])
def test_it_pings_at_intervals_and_after_a_report(reports: bool) -> None:
    background: list[Callable[[], None]] = []
    waits: list[tuple[float, bool]] = []

    def wait(signal: Event, seconds: float) -> None:
        waits.append((seconds, signal.is_set()))
        if len(waits) == 3:
            watch.close()

    def ping() -> None:
        if reports:
            watch.report("cut meanwhile")

    watch = Watch(ping, Concurrency(wait=wait, background=background.append), interval=7.0)
    watch.start()
    assert waits == []
    background[0]()
    assert waits == [(7.0, False), (7.0, reports), (7.0, reports)]
    assert watch.is_available
