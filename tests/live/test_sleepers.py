"""Hundreds of sleeping calls do not slow the server down."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.live.server import Server, wait_until
from tests.live.wire import Wire, assert_error, control, create, request

COUNT = 300
PATH = "/v1/conversations/xgQQXg3hrtjh7AvZ"
SLACK_SECONDS = 3.0
"""Tolerance for busy machines. Calls that sleep one after the other would exceed it."""


@contextmanager
def sleeping_calls(server: Server, token: str, text: str, count: int = COUNT) -> Iterator[list[Wire]]:
    """Start ``count`` calls, each on its own connection, that match the only rule of the sandbox."""
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(server)) for _ in range(count)]
        for wire in wires:
            wire.send(text)
        wait_until(lambda: control(server, token, "GET", "faults")["data"][0]["matched"] >= count)
        yield wires


def elapsed(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def assert_responds(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", PATH, token))
        assert wire.read_response().status == 200


def test_delayed_calls_end_in_time_and_do_not_block_others(server: Server, token: str) -> None:
    delay = 1.0
    control(server, token, "POST", "faults", {"match": {"method": "GET"}, "delay": delay * 1000})
    started = time.monotonic()
    with sleeping_calls(server, token, request("GET", PATH, token, "Connection: close")) as wires:
        other = f"{token}-other"
        assert elapsed(lambda: assert_responds(server, other)) < SLACK_SECONDS
        assert elapsed(lambda: control(server, other, "GET", "health")) < SLACK_SECONDS
        for wire in wires:
            answer = wire.read_response()
            assert answer.status == 200
            assert answer.headers["X-Sandbox-Delay-Ms"] == "1000"
    assert delay <= time.monotonic() - started < delay + 2 * SLACK_SECONDS


def test_reset_wakes_all_calls_and_none_writes(server: Server, token: str) -> None:
    control(server, token, "POST", "faults", {"delay": 300_000})
    with sleeping_calls(server, token, create(token)) as wires:
        assert elapsed(lambda: assert_responds(server, f"{token}-other")) < SLACK_SECONDS
        started = time.monotonic()
        control(server, token, "POST", "reset", {})
        for wire in wires:
            assert "reset" in assert_error(wire.read_response(), 503)
        assert time.monotonic() - started < SLACK_SECONDS
    assert len(control(server, token, "GET", "state")["conversations"]) == 120


@pytest.mark.parametrize("what", ["faults", "faults/rule-1"])
def test_deleting_the_rule_completes_all_calls(server: Server, token: str, what: str) -> None:
    control(server, token, "POST", "faults", {"match": {"method": "GET"}, "delay": 300_000})
    with sleeping_calls(server, token, request("GET", PATH, token), 100) as wires:
        started = time.monotonic()
        control(server, token, "DELETE", what)
        assert {wire.read_response().status for wire in wires} == {200}
        assert time.monotonic() - started < SLACK_SECONDS


def test_hanging_calls_do_not_block_others(server: Server, token: str) -> None:
    control(server, token, "POST", "faults", {"match": {"method": "GET"}, "fault": {"type": "hang"}})
    with sleeping_calls(server, token, request("GET", PATH, token)) as wires:
        assert elapsed(lambda: assert_responds(server, f"{token}-other")) < SLACK_SECONDS
        control(server, token, "DELETE", "faults")
        for wire in wires:
            assert wire.is_closed()


def test_call_over_the_limit_gets_503(start: Callable[..., Server], token: str) -> None:
    own = start("--max-sleepers", "20")
    control(own, token, "POST", "faults", {"match": {"method": "GET"}, "delay": 300_000})
    with sleeping_calls(own, token, request("GET", PATH, token), 20) as wires:
        with Wire(own) as late:
            late.send(request("GET", PATH, token))
            answer = late.read_response()
            assert "--max-sleepers" in assert_error(answer, 503)
            assert answer.headers["Retry-After"] == "1"
            late.send(create(token))
            assert late.read_response().status == 201
        control(own, token, "DELETE", "faults")
        assert {wire.read_response().status for wire in wires} == {200}
