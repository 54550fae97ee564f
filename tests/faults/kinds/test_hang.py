"""Calls without a response."""

from typing import Any

import pytest

from tests.faults.harness import COLLECTION, CREATE, RULES, Harness


@pytest.mark.parametrize(("attributes", "seconds"), [({}, 300), ({"milliseconds": 250}, 0.25)])
def test_the_connection_closes_after_the_time_without_a_response(
    attributes: dict[str, Any], seconds: float
) -> None:
    bench = Harness()
    bench.fails("hang", **attributes)
    outcome = bench.served()
    assert bench.slept == [seconds]
    assert (outcome.status, outcome.socket.sent) == ("", b"")
    assert "shutdown" in outcome.socket.done
    assert isinstance(outcome.ended, BrokenPipeError)
    assert bench.entry()["fault"] == "hang"
    assert bench.entry()["status"] is None


def test_a_hang_may_have_no_length() -> None:
    bench = Harness()
    bench.fails("hang", milliseconds=0)
    assert isinstance(bench.served().ended, BrokenPipeError)
    assert bench.slept == []


def test_the_call_has_no_effect() -> None:
    bench = Harness()
    bench.fails("hang", milliseconds=1)
    before = bench.ids()
    bench.served("POST", COLLECTION, json=CREATE)
    assert bench.ids() == before


def test_a_delay_comes_before_the_hang() -> None:
    bench = Harness()
    bench.rule(delay=100, fault={"type": "hang", "milliseconds": 200})
    bench.served()
    assert bench.slept == [0.1, 0.2]


def test_a_reset_wakes_the_call_and_it_is_answered() -> None:
    bench = Harness()
    bench.fails("hang")
    bench.while_asleep = lambda: bench.call("POST", "/__admin/reset", json={})
    outcome = bench.served()
    assert bench.woken == [True]
    assert outcome.status.startswith("503")
    assert b"reset" in outcome.body


def test_the_end_of_the_rule_wakes_the_call_and_the_connection_closes() -> None:
    bench = Harness()
    rule = bench.fails("hang")
    bench.while_asleep = lambda: bench.call("DELETE", f"{RULES}/{rule}")
    outcome = bench.served()
    assert bench.woken == [True]
    assert isinstance(outcome.ended, BrokenPipeError)
