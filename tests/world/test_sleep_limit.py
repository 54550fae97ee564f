"""The limit of calls that sleep at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from sandbox.world.errors import SleepersFull
from sandbox.world.sleep_limit import SleepLimit


def test_sleep_beyond_capacity_is_refused_until_a_place_is_released() -> None:
    sleep_limit = SleepLimit(2)
    with sleep_limit:
        with sleep_limit:
            with pytest.raises(SleepersFull) as refusal, sleep_limit:
                pytest.fail("the limit was exceeded")
            assert refusal.value.capacity == 2
        with sleep_limit:
            pass


def test_place_is_released_after_an_exception() -> None:
    sleep_limit = SleepLimit(1)
    for _ in range(3):
        with pytest.raises(KeyError), sleep_limit:
            raise KeyError
    with sleep_limit:
        pass


def test_limit_holds_when_threads_acquire_at_once() -> None:
    sleep_limit, barrier = SleepLimit(7), Barrier(30)

    def sleep(_: int) -> bool:
        barrier.wait()
        try:
            sleep_limit.__enter__()
        except SleepersFull:
            return False
        return True

    with ThreadPoolExecutor(30) as threads:
        assert sum(threads.map(sleep, range(30))) == 7
