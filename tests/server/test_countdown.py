"""The countdown that processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server.countdown import Countdown
from tests.live.server import run_program


@pytest.fixture
def countdown() -> Iterator[Countdown]:
    made = Countdown(3)
    yield made
    made.close()


def test_the_last_is_told_so_and_nobody_after_it(countdown: Countdown) -> None:
    assert [countdown.arrive() for _ in range(5)] == [False, False, True, False, False]


FORKS = """
import os
from sandbox.server.countdown import Countdown

countdown = Countdown(3)
statuses = []
for _ in range(4):
    if (pid := os.fork()) == 0:
        os._exit(7 if countdown.arrive() else 0)
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(*statuses, countdown.arrive())
"""


def test_forks_are_counted_together(tmp_path: Path) -> None:
    # In a program of its own, as this one has threads.
    assert run_program(FORKS, folder=tmp_path) == "0 0 7 0 False\n"


def test_a_single_process_is_the_last() -> None:
    countdown = Countdown(1)
    assert countdown.arrive()
    assert not countdown.arrive()
    countdown.close()
