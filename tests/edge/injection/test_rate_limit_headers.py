"""``RateLimit-*`` on the responses to calls that a rate limit looked at."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from sandbox.edge.injection.rate_limit_headers import rate_limit_headers
from sandbox.faults.effect import Effect
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.rate_limit import RateLimit
from sandbox.world.rules import RateWindow, Rule, RuleMatch
from tests.faults.harness import COLLECTION, CREATE, ITEM, Harness

NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def shown(response: TestResponse) -> tuple[str | None, ...]:
    """Return the limit, the calls that remain, and the seconds until the window ends, each sent once at most."""
    assert all(len(response.headers.getlist(name)) <= 1 for name in NAMES)
    return tuple(response.headers.get(name) for name in NAMES)


def match(effect: Effect, window: RateWindow | None, at: float = 5.0) -> RuleMatch:
    return RuleMatch(Rule(effect, {}, id="r"), 1, at, window)


def limit(limit: int, calls: int, ends: float = 60.0) -> RuleMatch:
    return match(Effect(fault=RateLimit(limit, 60)), RateWindow(0.0, ends, calls))


@pytest.mark.parametrize(
    ("looking", "values"),
    [
        ([limit(10, 1)], ["10", "9", "55"]),
        ([limit(10, 10)], ["10", "0", "55"]),
        ([limit(10, 99)], ["10", "0", "55"]),
        ([limit(10, 1, ends=5.2)], ["10", "9", "1"]),
        ([limit(10, 1), limit(5, 1)], ["5", "4", "55"]),
        ([limit(5, 1), limit(10, 1)], ["5", "4", "55"]),
        ([limit(5, 5), limit(3, 4, ends=9.0)], ["3", "0", "4"]),
        ([], []),
        ([match(Effect(fault=Hang()), RateWindow(0.0, 60.0, 1))], []),
        ([match(Effect(), RateWindow(0.0, 60.0, 1))], []),
        ([match(Effect(fault=RateLimit(1, 60)), None)], ["1", "1", "60"]),
        ([limit(2, 2, ends=5.0), limit(4, 1)], ["2", "2", "60"]),
        ([match(Effect(fault=Hang()), None)], []),
    ],
)
def test_headers_are_those_of_the_limit_with_the_least_left(
    looking: list[RuleMatch], values: list[str]
) -> None:
    assert rate_limit_headers(looking) == list(zip(NAMES, values, strict=False))


@pytest.fixture
def harness() -> Harness:
    return Harness()


@pytest.mark.parametrize("owner", ["me", None], ids=["own", "server-wide"])
def test_every_counted_call_gets_the_headers(harness: Harness, owner: str | None) -> None:
    harness.fails("rate_limit", owner, limit=2, window_seconds=60)
    assert shown(harness.call()) == ("2", "1", "60")
    harness.now += 10.5
    assert shown(harness.call(url=ITEM)) == ("2", "0", "50")
    refused = harness.call()
    assert (refused.status_code, shown(refused)) == (429, ("2", "0", "50"))
    assert refused.headers["Retry-After"] == "50"
    harness.now += 49.5
    assert shown(harness.call()) == ("2", "1", "60")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"url": "/v1/nothing"}, 404),
        ({"method": "PATCH"}, 405),
        ({"method": "POST", "json": {"contact": "a"}}, 400),
        ({"method": "POST", "json": CREATE}, 201),
        ({"method": "HEAD"}, 200),
        ({"method": "DELETE", "url": ITEM}, 204),
        ({"token": None}, 401),
    ],
    ids=str,
)
def test_responses_of_any_status_have_the_headers(
    harness: Harness, sent: dict[str, Any], status: int
) -> None:
    harness.fails("rate_limit", None, limit=5, window_seconds=60)
    response = harness.call(**sent)
    assert (response.status_code, shown(response)) == (status, ("5", "4", "60"))


def test_other_faults_of_a_counted_call_have_the_headers(harness: Harness) -> None:
    harness.fails("rate_limit", limit=5, window_seconds=60)
    harness.fails("status", status=503)
    response = harness.call()
    assert (response.status_code, shown(response)) == (503, ("5", "4", "60"))


def test_raw_responses_of_a_counted_call_have_the_headers(harness: Harness) -> None:
    harness.fails("rate_limit", limit=5, window_seconds=60)
    harness.fails("MALFORMED_RESPONSE_CHUNK")
    assert b"RateLimit-Remaining: 4\r\n" in harness.served().socket.sent


@pytest.mark.parametrize(
    ("rule", "sent"),
    [
        ({"match": {"method": "POST"}}, {}),
        ({"match": {"method": "POST"}, "skip": 1}, {}),
        ({"enabled": False}, {}),
        ({"enabled": False, "skip": 1, "every": 2, "probability": 0}, {}),
        ({}, {"headers": {"Prefer": "code=503"}}),
        ({}, {"method": "OPTIONS"}),
        ({}, {"url": "/__admin/clock"}),
    ],
    ids=str,
)
def test_calls_that_the_rule_does_not_look_at_have_no_headers(
    harness: Harness, rule: dict[str, Any], sent: dict[str, Any]
) -> None:
    harness.rule(fault={"type": "rate_limit", "limit": 5, "window_seconds": 60}, **rule)
    assert shown(harness.call(**sent)) == (None, None, None)


@pytest.mark.parametrize("owner", ["me", None], ids=["own", "server-wide"])
@pytest.mark.parametrize(
    ("rule", "remaining"),
    [
        ({}, [1, 0, 0, 0]),
        ({"skip": 2}, [2, 2, 1, 0, 0]),
        ({"every": 2}, [2, 1, 1, 0, 0, 0]),
        ({"probability": 0}, [2, 2, 2]),
        ({"skip": 1, "every": 2}, [2, 2, 1, 1, 0]),
        ({"skip": 1, "probability": 0}, [2, 2, 2]),
        ({"every": 2, "probability": 0}, [2, 2, 2]),
        ({"times": 1}, [1, 0, 0, None, None]),
        ({"skip": 1, "times": 1}, [2, 1, 0, 0, None]),
        ({"every": 2, "times": 1}, [2, 1, 1, 0, 0, 0, None, None]),
        ({"skip": 1, "every": 2, "times": 1}, [2, 2, 1, 1, 0, 0, 0, None]),
        ({"skip": 1, "every": 2, "times": 1, "probability": 0}, [2, 2, 2, 2]),
    ],
    ids=str,
)
def test_every_call_that_the_rule_looks_at_gets_the_headers(
    harness: Harness, owner: str | None, rule: dict[str, Any], remaining: list[int | None]
) -> None:
    harness.rule(owner, fault={"type": "rate_limit", "limit": 2, "window_seconds": 60}, **rule)
    expected = [(None,) * 3 if left is None else ("2", str(left), "60") for left in remaining]
    assert [shown(harness.call()) for _ in remaining] == expected


@pytest.mark.parametrize("rule", [{}, {"skip": 9}, {"every": 9}, {"probability": 0}], ids=str)
def test_rule_that_has_expired_sends_no_headers(harness: Harness, rule: dict[str, Any]) -> None:
    fault = {"type": "rate_limit", "limit": 2, "window_seconds": 60}
    harness.rule(ttl_seconds=60, fault=fault, **rule)
    assert shown(harness.call())[0] == "2"
    harness.now += 60
    assert shown(harness.call()) == (None, None, None)


def test_call_that_passes_after_the_window_has_the_quota_of_a_new_one(harness: Harness) -> None:
    harness.rule(every=2, fault={"type": "rate_limit", "limit": 2, "window_seconds": 60})
    harness.call()
    assert shown(harness.call()) == ("2", "1", "60")
    harness.now += 20
    assert shown(harness.call()) == ("2", "1", "40")
    harness.call()
    harness.now += 40
    assert shown(harness.call()) == ("2", "2", "60")


def test_call_that_one_rule_lets_pass_and_another_one_refuses_has_the_headers_of_the_refusal(
    harness: Harness,
) -> None:
    harness.rule(skip=9, fault={"type": "rate_limit", "limit": 0, "window_seconds": 30})
    harness.fails("rate_limit", limit=0, window_seconds=60)
    response = harness.call()
    assert (response.status_code, shown(response)) == (429, ("0", "0", "60"))


def test_calls_are_counted_on_the_clock_of_the_sandbox() -> None:
    harness = Harness("blank")
    harness.fails("rate_limit", limit=5, window_seconds=60)
    assert shown(harness.call()) == ("5", "4", "60")
    harness.now += 1000
    assert shown(harness.call()) == ("5", "3", "60"), "the clock of this sandbox is frozen"


def test_page_can_read_the_headers(harness: Harness) -> None:
    harness.fails("rate_limit", limit=5, window_seconds=60)
    response = harness.call(url=COLLECTION, headers={"Origin": "https://app.example"})
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert set(NAMES) <= set(exposed)


def test_call_whose_awaited_body_is_refused_has_the_headers(harness: Harness) -> None:
    """The body is read after the rules were tried."""
    harness.fails("rate_limit", limit=5, window_seconds=60)
    response = harness.call(
        "POST", data=b"{", headers={"Expect": "100-continue", "Content-Type": "application/json"}
    )
    assert (response.status_code, shown(response)) == (400, ("5", "4", "60"))
