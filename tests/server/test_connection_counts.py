"""The numbers of open connections that workers share."""

from pathlib import Path

from sandbox.server.connection_counts import SLACK, ConnectionCounts
from tests.live.server import run_program


def test_a_worker_is_ahead_of_another_by_more_than_the_slack() -> None:
    counts = ConnectionCounts(3)
    assert not counts.is_ahead(0)
    for place in range(3):
        counts.set(place, 10)
    counts.set(1, 10 + SLACK)
    assert not counts.is_ahead(1)
    counts.set(1, 11 + SLACK)
    assert [counts.is_ahead(place) for place in range(3)] == [False, True, False]
    counts.set(0, 11)
    assert counts.is_ahead(1)
    counts.set(2, 11)
    assert not counts.is_ahead(1)


FORK = """
import os
from sandbox.server.connection_counts import ConnectionCounts

counts = ConnectionCounts(2)
counts.set(0, 100)
print(counts.is_ahead(0))
if (pid := os.fork()) == 0:
    counts.set(1, 100)
    os._exit(0)
os.waitpid(pid, 0)
print(counts.is_ahead(0))
"""


def test_counts_of_forks_are_seen(tmp_path: Path) -> None:
    # In a program of its own, as this one has threads.
    assert run_program(FORK, folder=tmp_path) == "True\nFalse\n"
