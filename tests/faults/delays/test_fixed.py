"""Fixed delays."""

import pytest

from sandbox.faults.delays.fixed import Fixed
from tests.faults.harness import Harness


@pytest.mark.parametrize("draw", [0.0, 0.5, 1 - 2**-53])
def test_a_fixed_delay_is_always_the_same(draw: float) -> None:
    delay = Fixed(120.5)
    assert delay.milliseconds(draw) == 120.5
    assert delay.pieces == 1


@pytest.mark.parametrize("delay", [120, 120.0, {"type": "fixed", "milliseconds": 120}])
def test_a_call_is_delayed_and_then_done(delay: object) -> None:
    bench = Harness()
    bench.rule(delay=delay)
    answer = bench.create()
    assert answer.status_code == 201
    assert bench.slept == [0.12]
    assert answer.headers["X-Sandbox-Delay-Ms"] == "120"


def test_a_delay_of_zero_does_not_sleep() -> None:
    bench = Harness()
    bench.rule(delay=0)
    answer = bench.call()
    assert (answer.status_code, bench.slept) == (200, [])
    assert answer.headers["X-Sandbox-Delay-Ms"] == "0"


def test_five_minutes_are_the_longest_delay() -> None:
    bench = Harness()
    bench.rule(delay=300_000)
    bench.call()
    assert bench.slept == [300.0]
    refused = bench.call("POST", "/__admin/faults", json={"delay": 300_001})
    assert refused.status_code == 400
    assert "300000" in refused.get_json()["message"]
