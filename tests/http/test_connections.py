"""Limits on the number of connections, and on the time that each may wait."""

from typing import Any

import pytest

from sandbox.http.client import Closed, Phase
from sandbox.http.connections import DRAIN_SECONDS, Connections
from sandbox.http.limits import Limits
from sandbox.problems import Problem


class FakeClient:
    """A client in a phase since a given time, which records its interruption."""

    def __init__(self, phase: Phase, since: float = 0.0, address: str = "a") -> None:
        self.phase = phase
        self.since = since
        self.address = address
        self.interrupted: BaseException | None = None
        self.is_reset = False

    def interrupt(self, error: BaseException) -> None:
        self.interrupted = error

    def reset_on_close(self) -> None:
        self.is_reset = True

    @property
    def status(self) -> int | None:
        return self.interrupted.status if isinstance(self.interrupted, Problem) else None


def opened(limits: Limits, *clients: FakeClient) -> Any:
    connections: Any = Connections(limits)
    for client in clients:
        connections.add(client)
    return connections


LIMITS = Limits(keep_alive_seconds=75, head_seconds=10, body_seconds=20, answer_seconds=30)


@pytest.mark.parametrize(
    ("phase", "seconds", "status"),
    [
        (Phase.IDLE, 75, None),
        (Phase.HEAD, 10, 408),
        (Phase.BODY, 20, 408),
        (Phase.WRITE, 30, None),
        (Phase.DRAIN, DRAIN_SECONDS, None),
    ],
)
def test_each_phase_has_a_timeout(
    monkeypatch: pytest.MonkeyPatch, phase: Phase, seconds: float, status: int | None
) -> None:
    now = 1000.0
    monkeypatch.setattr("sandbox.http.connections.monotonic", lambda: now)
    late, still_in_time = FakeClient(phase, now - seconds - 0.1), FakeClient(phase, now - seconds + 0.1)
    opened(LIMITS, late, still_in_time).interrupt_late()
    assert late.interrupted is not None
    assert late.status == status
    assert still_in_time.interrupted is None
    assert late.is_reset == (phase is Phase.WRITE)


def test_a_call_in_progress_has_no_timeout() -> None:
    client = FakeClient(Phase.CALL, -1e9)
    connections = opened(LIMITS, client)
    connections.interrupt_late()
    assert client.interrupted is None


def test_calls_are_in_progress_until_their_response_is_sent() -> None:
    connections = opened(LIMITS, *(FakeClient(phase, 0) for phase in Phase))
    assert connections.in_flight == len({Phase.CALL, Phase.WRITE})


def test_the_oldest_incomplete_request_is_closed_before_idle_connections() -> None:
    young, old = FakeClient(Phase.BODY, 2), FakeClient(Phase.BODY, 1)
    idle, busy = FakeClient(Phase.IDLE, 0), FakeClient(Phase.CALL, 0)
    connections = opened(Limits(max_connections=4), idle, young, old, busy)
    connections.add(FakeClient(Phase.IDLE, 9))
    assert old.status == 503
    assert [each.interrupted for each in (young, idle, busy)] == [None] * 3
    assert len(connections) == 4


def test_an_idle_connection_is_closed_without_a_response() -> None:
    idle = FakeClient(Phase.IDLE)
    opened(Limits(max_connections=1), idle).add(FakeClient(Phase.IDLE))
    assert isinstance(idle.interrupted, Closed)


def test_a_connection_that_was_closed_for_another_still_has_a_timeout() -> None:
    leaving = FakeClient(Phase.HEAD)
    connections = opened(Limits(max_connections=1), leaving)
    connections.add(FakeClient(Phase.CALL))
    leaving.phase, leaving.since = Phase.DRAIN, -1e9
    connections.interrupt_late()
    assert isinstance(leaving.interrupted, Closed)
    connections.remove(leaving)
    assert len(connections) == 1


def test_a_new_connection_is_refused_if_all_have_calls_in_progress() -> None:
    connections = opened(Limits(max_connections=2), FakeClient(Phase.CALL), FakeClient(Phase.CALL))
    with pytest.raises(Problem, match=r"2 connections.*--max-connections") as refused:
        connections.add(FakeClient(Phase.IDLE))
    assert refused.value.status == 503
    assert len(connections) == 2


def test_the_limit_of_an_address_closes_only_its_own_connections() -> None:
    mine, other = FakeClient(Phase.BODY, 5), FakeClient(Phase.BODY, 0, "b")
    connections = opened(Limits(max_connections_per_address=1), mine, other)
    connections.add(FakeClient(Phase.CALL))
    assert mine.status == 503
    assert other.interrupted is None
    with pytest.raises(Problem, match="--max-connections-per-address"):
        connections.add(FakeClient(Phase.IDLE))


def test_removed_connections_are_not_counted() -> None:
    client = FakeClient(Phase.CALL)
    connections = opened(Limits(max_connections=1, max_connections_per_address=1), client)
    connections.remove(client)
    connections.remove(client)
    connections.add(FakeClient(Phase.CALL))
    assert len(connections) == 1
