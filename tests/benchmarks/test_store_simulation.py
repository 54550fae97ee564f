"""The simulation of many workers and worlds."""

import pytest

from benchmarks.store_simulation import MESSAGE_MICROSECONDS, WRITES, Copies, copies, needs


def test_a_copy_that_stays_is_loaded_once() -> None:
    assert copies(rate=1_000, worlds=50, capacity=50, calls=10_000, seed=1).cold == 0


def test_most_calls_load_a_copy_where_few_are_kept() -> None:
    few = copies(rate=1_000, worlds=1_000_000, capacity=10, calls=10_000, seed=1).cold
    many = copies(rate=1_000, worlds=1_000_000, capacity=5_000, calls=10_000, seed=1).cold
    assert 0.7 < few < 0.95
    assert many < few


def test_keys_are_prolonged_by_calls_that_come_ten_seconds_after_the_last_time() -> None:
    assert copies(rate=1, worlds=1, capacity=1, calls=1_000, seed=1).kept == pytest.approx(0.1, abs=0.01)
    assert copies(rate=0.05, worlds=1, capacity=1, calls=1_000, seed=1).kept == 1


def test_shards_share_the_worlds_but_each_gets_all_messages() -> None:
    kind = {"worker": 100.0, "valkey": 30.0, "bytes_in": 800.0, "bytes_out": 200.0}
    call = {"workers": 100.0, "valkey": 30.0}
    figures = {
        "calls": {"figures": {f"{name}, 64, 64": {"store": call} for name in ("retrieve", "create")}},
        "kinds": {
            "figures": dict.fromkeys(("retrieve", "create", "a cold copy", "kept"), kind),
        },
    }
    one, ten = (needs(10_000, shards, Copies(0.0, 0.0), figures) for shards in (1, 10))
    assert one.shard == one.shared == pytest.approx(0.3)
    # A tenth of the calls, each with nine messages to others, and as many from them.
    assert ten.shard == pytest.approx(0.03 + 1_000 * 9 * 2 * MESSAGE_MICROSECONDS / 1e6)
    assert one.trips == pytest.approx(10_000 * (2 + WRITES))
    assert one.megabytes == pytest.approx(10.0)
    assert one.worker == pytest.approx(0.01)
