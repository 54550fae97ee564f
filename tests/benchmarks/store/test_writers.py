"""The simulation of several workers that write to one world."""

from benchmarks.store.writers import HotWorld, hot_world


def simulated(workers: int, rate: float, writes: int = 1_000) -> HotWorld:
    return hot_world(workers, rate, writes, decide=0.0003, server=0.00001, trip=0.0005, seed=1)


def test_a_lone_worker_decides_each_write_once() -> None:
    assert simulated(1, 1_000).attempts == 1


def test_writes_that_are_far_apart_do_not_meet() -> None:
    lone = simulated(10, 0.1)
    assert lone.attempts == 1
    # Two trips, each with Valkey's time, and the decision.
    assert round(lone.median, 2) == round(lone.slow, 2) == 1.32


def test_writes_of_several_workers_are_decided_again_if_they_meet() -> None:
    assert 1 < simulated(10, 200).attempts < simulated(10, 500).attempts < simulated(10, 1_000).attempts


def test_a_log_takes_one_change_per_trip_and_decision() -> None:
    assert 900 < simulated(10, 100_000).rate < 1 / (0.0005 + 0.00001)


def test_the_same_seed_gives_the_same_figures() -> None:
    assert simulated(10, 500) == simulated(10, 500)
