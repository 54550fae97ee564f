"""The bound on sleepers."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from sandbox.edge.beds import Beds
from sandbox.problems import Problem


def test_so_many_may_sleep_and_the_next_is_refused_until_one_wakes() -> None:
    beds = Beds(2)
    with beds:
        with beds:
            with pytest.raises(Problem) as refusal, beds:
                pytest.fail("there was no bed")
            assert refusal.value.status == 503
            assert "2 calls" in refusal.value.message
            assert "--max-sleepers" in refusal.value.message
            assert dict(refusal.value.headers)["Retry-After"]
        with beds:
            pass


def test_a_bed_is_free_again_whatever_ended_the_sleep() -> None:
    beds = Beds(1)
    for _ in range(3):
        with pytest.raises(KeyError), beds:
            raise KeyError
    with beds:
        pass


def test_threads_that_come_at_once_get_no_bed_too_many() -> None:
    beds, barrier = Beds(7), Barrier(30)

    def sleep(_: int) -> bool:
        barrier.wait()
        try:
            beds.__enter__()
        except Problem:
            return False
        return True

    with ThreadPoolExecutor(30) as threads:
        assert sum(threads.map(sleep, range(30))) == 7
