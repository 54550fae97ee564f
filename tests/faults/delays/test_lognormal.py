"""Delays with a lognormal distribution."""

import math

import pytest

from sandbox.faults.delay import MAX_MILLISECONDS
from sandbox.faults.delays.lognormal import Lognormal
from tests.faults.harness import Harness

STEPS = 10_000
GRID = [(step + 0.5) / STEPS for step in range(STEPS)]
LAST_DRAW = 1 - 2**-53


def quantile(delay: Lognormal, part: float) -> float:
    """Return the delay that ``part`` of the calls stay below, over an even grid of random numbers."""
    return sorted(delay.milliseconds(draw) for draw in GRID)[int(part * STEPS)]


@pytest.mark.parametrize(("median", "p99"), [(80, 400), (5, 50), (1000, 1001), (0.5, 900)])
def test_half_of_the_calls_are_below_the_median_and_99_of_100_below_p99(median: float, p99: float) -> None:
    delay = Lognormal(median, p99=p99)
    assert quantile(delay, 0.5) == pytest.approx(median, rel=0.01)
    assert quantile(delay, 0.99) == pytest.approx(p99, rel=0.01)


def test_sigma_is_the_width() -> None:
    delay = Lognormal(100, sigma=0.5)
    assert quantile(delay, 0.5) == pytest.approx(100, rel=0.01)
    assert quantile(delay, 0.8413) == pytest.approx(100 * math.exp(0.5), rel=0.01)
    assert quantile(delay, 0.1587) == pytest.approx(100 * math.exp(-0.5), rel=0.01)


@pytest.mark.parametrize("delay", [Lognormal(80, sigma=0), Lognormal(80, p99=80)])
def test_a_distribution_without_width_is_its_median(delay: Lognormal) -> None:
    assert {round(delay.milliseconds(draw), 6) for draw in (0.0, 0.3, 0.99, LAST_DRAW)} == {80.0}


def test_larger_random_numbers_give_longer_delays() -> None:
    drawn = [Lognormal(80, p99=400).milliseconds(draw) for draw in GRID]
    assert drawn == sorted(drawn)
    assert all(milliseconds > 0 for milliseconds in drawn)


@pytest.mark.parametrize("draw", [0.0, 2**-53, 0.5, 1 - 2**-52, LAST_DRAW])
@pytest.mark.parametrize("delay", [Lognormal(80, p99=400), Lognormal(MAX_MILLISECONDS, sigma=10)])
def test_every_delay_is_at_most_five_minutes(delay: Lognormal, draw: float) -> None:
    assert 0 <= delay.milliseconds(draw) <= MAX_MILLISECONDS


def test_a_long_tail_is_cut_at_five_minutes() -> None:
    assert Lognormal(1000, sigma=10).milliseconds(0.99) == MAX_MILLISECONDS


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "either sigma or p99"),
        ({"sigma": 1.0, "p99": 400.0}, "either sigma or p99"),
        ({"p99": 79.9}, "p99 must not be less than median"),
    ],
)
def test_attributes_that_do_not_go_together_are_refused(given: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Lognormal(80, **given)


def test_calls_are_delayed_reproducibly() -> None:
    slept = []
    for _ in range(2):
        bench = Harness()
        bench.rule(delay={"type": "lognormal", "median": 80, "p99": 400})
        for _ in range(300):
            bench.call(url="/v1/nothing")
        slept.append(bench.slept)
    assert slept[0] == slept[1]
    assert sorted(slept[0])[150] == pytest.approx(0.08, rel=0.2)
    assert 0.2 < max(slept[0]) < 3
