"""Too many requests."""

from collections.abc import Callable, Iterable

import pytest

from sandbox.faults.kinds.rate_limit import RateLimit
from sandbox.world.rules import RateWindow
from tests.faults.harness import Harness

Check = Callable[..., str]


def advance(bench: Harness, seconds: float, token: str = "me") -> None:
    answer = bench.call("PUT", "/__admin/clock", token, json={"action": "advance", "seconds": seconds})
    assert answer.status_code == 200


def statuses(bench: Harness, calls: int, token: str = "me") -> list[int]:
    return [bench.call(token=token).status_code for _ in range(calls)]


def due(limit: RateLimit, times: Iterable[float]) -> list[bool]:
    """Return whether the limit is due for each of the calls at ``times``."""
    window: RateWindow | None = None
    answers = []
    for now in times:
        is_due, window = limit.due(window, now)
        answers.append(is_due)
    return answers


@pytest.mark.parametrize(
    ("limit", "seconds", "message"),
    [
        (1, 1, "More than 1 call in 1 second; try again in 1 second."),
        (0, 2, "More than 0 calls in 2 seconds; try again in 2 seconds."),
    ],
)
def test_the_message_counts(assert_error_shape: Check, limit: int, seconds: int, message: str) -> None:
    bench = Harness()
    bench.fails("rate_limit", limit=limit, window_seconds=seconds)
    for _ in range(limit):
        bench.call()
    assert_error_shape(bench.call(), 429, message)


def test_a_window_begins_with_its_first_call_and_ends_after_its_seconds() -> None:
    limit = RateLimit(2, 10)
    times = [0, 4, 5, 9.9, 10, 25, 34, 34.9, 35]
    assert due(limit, times) == [
        False,
        False,
        True,
        True,
        False,
        False,
        False,
        True,
        False,
    ]


def test_a_clock_that_is_set_back_begins_a_new_window() -> None:
    assert due(RateLimit(1, 10), [100, 101, 50, 51]) == [False, True, False, True]


def test_due_changes_no_window() -> None:
    limit = RateLimit(1, 10)
    _, window = limit.due(None, 0)
    assert limit.due(window, 1) == limit.due(window, 1)


def test_calls_within_the_limit_pass_and_further_calls_get_a_time_to_wait(
    assert_error_shape: Check,
) -> None:
    bench = Harness()
    bench.fails("rate_limit", limit=3, window_seconds=60)
    for _ in range(3):
        answer = bench.call()
        assert answer.status_code == 200
        assert "X-Sandbox-Rule" not in answer.headers
    bench.now += 12.5
    answer = bench.call()
    assert_error_shape(answer, 429, "More than 3 calls in 60 seconds", "48 seconds")
    assert answer.headers["Retry-After"] == "48"
    assert answer.headers["RateLimit-Limit"] == "3"
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert answer.headers["RateLimit-Reset"] == "48"
    assert answer.headers["X-Sandbox-Fault"] == "rate_limit"


def test_a_caller_is_served_again_after_the_time_to_wait_on_the_clock_of_the_sandbox() -> None:
    bench = Harness("blank")
    bench.fails("rate_limit", limit=1, window_seconds=30)
    assert statuses(bench, 3) == [200, 429, 429]
    bench.now += 1000
    assert statuses(bench, 1) == [429], "the clock of this sandbox is frozen"
    advance(bench, int(bench.call().headers["Retry-After"]) - 1)
    answer = bench.call()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    advance(bench, 1)
    assert statuses(bench, 2) == [200, 429]


def test_a_limit_of_zero_refuses_every_call() -> None:
    bench = Harness()
    bench.fails("rate_limit", limit=0, window_seconds=1)
    assert statuses(bench, 3) == [429] * 3


@pytest.mark.parametrize("owner", ["me", None])
def test_only_calls_that_match_are_counted(owner: str | None) -> None:
    bench = Harness()
    bench.rule(
        owner,
        match={"operation": "createConversation"},
        fault={"type": "rate_limit", "limit": 1, "window_seconds": 60},
    )
    assert statuses(bench, 5) == [200] * 5
    assert bench.create().status_code == 201
    assert bench.create().status_code == 429
    assert statuses(bench, 1) == [200]


def test_a_server_wide_limit_is_counted_per_token() -> None:
    bench = Harness()
    bench.fails("rate_limit", token=None, limit=2, window_seconds=60)
    for token in ("a", "b", "c"):
        assert statuses(bench, 3, token) == [200, 200, 429]


def test_a_call_over_the_limit_has_no_effect() -> None:
    bench = Harness()
    bench.fails("rate_limit", limit=0, window_seconds=60)
    before = bench.ids()
    assert bench.create().status_code == 429
    assert bench.ids() == before


def test_a_reset_clears_the_count() -> None:
    bench = Harness()
    bench.fails("rate_limit", token=None, limit=1, window_seconds=60)
    assert statuses(bench, 2) == [200, 429]
    bench.call("POST", "/__admin/reset", json={})
    assert statuses(bench, 2) == [200, 429]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"limit": 5}, "fault.window_seconds is missing; it must be an integer from 1 to 86400"),
        ({"window_seconds": 5}, "fault.limit is missing; it must be an integer from 0 to 1000000"),
        ({"limit": -1, "window_seconds": 5}, "fault.limit must be"),
        ({"limit": 1, "window_seconds": 0}, "fault.window_seconds must be"),
        ({"limit": 1, "window_seconds": 5, "windowseconds": 5}, "did you mean window_seconds?"),
    ],
)
def test_an_invalid_attribute_is_refused(
    assert_error_shape: Check, attributes: dict[str, object], said: str
) -> None:
    answer = Harness().call("POST", "/__admin/faults", json={"fault": {"type": "rate_limit", **attributes}})
    assert_error_shape(answer, 400, said)
