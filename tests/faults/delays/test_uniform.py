"""Delays with a uniform distribution."""

import pytest

from sandbox.faults.delays.uniform import Uniform
from tests.faults.harness import Harness


@pytest.mark.parametrize(
    ("draw", "milliseconds"), [(0.0, 100.0), (0.25, 175.0), (0.5, 250.0), (1 - 2**-53, 400.0)]
)
def test_the_random_number_is_scaled_to_the_range(draw: float, milliseconds: float) -> None:
    assert Uniform(100, 400).milliseconds(draw) == pytest.approx(milliseconds)


def test_lower_and_upper_may_be_equal() -> None:
    assert {Uniform(7, 7).milliseconds(draw / 10) for draw in range(10)} == {7}


def test_a_range_in_the_wrong_order_is_refused() -> None:
    with pytest.raises(ValueError, match="upper must not be less than lower"):
        Uniform(400, 100)


def test_calls_are_delayed_from_lower_to_upper_and_reproducibly() -> None:
    slept = []
    for _ in range(2):
        bench = Harness()
        bench.rule(delay={"type": "uniform", "lower": 100, "upper": 400})
        for _ in range(200):
            answer = bench.call(url="/v1/nothing")
            assert answer.headers["X-Sandbox-Delay-Ms"] == f"{bench.slept[-1] * 1000:.0f}"
        slept.append(bench.slept)
    assert slept[0] == slept[1]
    assert all(0.1 <= seconds < 0.4 for seconds in slept[0])
    assert min(slept[0]) < 0.12
    assert max(slept[0]) > 0.38
    assert len(set(slept[0])) > 190
