"""The bound on sleepers."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from sandbox.world.errors import SleepersFull
from sandbox.world.sleep_limit import SleepLimit


def test_so_many_may_sleep_and_the_next_is_refused_until_one_wakes() -> None:
    sleep_limit = SleepLimit(2)
    with sleep_limit:
        with sleep_limit:
            with pytest.raises(SleepersFull) as refusal, sleep_limit:
                pytest.fail("there was no place")
            assert refusal.value.capacity == 2
        with sleep_limit:
            pass


def test_a_place_is_free_again_whatever_ended_the_sleep() -> None:
    sleep_limit = SleepLimit(1)
    for _ in range(3):
        with pytest.raises(KeyError), sleep_limit:
            raise KeyError
    with sleep_limit:
        pass


def test_threads_that_come_at_once_get_no_bed_too_many() -> None:
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
