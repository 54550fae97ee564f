"""A server in a process of its own, and its CPU time and memory as the operating system accounts for them."""

import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

CLOCK_TICKS = 100
"""Ticks per second, in which Linux accounts for CPU time."""


class Running(NamedTuple):
    """A running server: its process id and its port on 127.0.0.1."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Return the CPU time of the whole process tree so far."""
        return sum(ticks(pid) for pid in tree(self.pid)) / CLOCK_TICKS

    def resident_kilobytes(self) -> int:
        """Return the memory of the whole process tree. Shared memory is counted once (proportional set size)."""
        return sum(_pss(pid) for pid in tree(self.pid))

    def rss_kilobytes(self) -> int:
        """Return the resident set size of the last process of the tree, the worker.

        To read it does not hold the process up, as the proportional set size does.
        """
        pages = int(Path(f"/proc/{tree(self.pid)[-1]}/statm").read_text().split()[1])
        return pages * resource.getpagesize() // 1024


@contextmanager
def sandbox_server(*flags: str) -> Iterator[Running]:
    """Run the server of this project on a free port."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own command
        assert process.stdout is not None
        found = re.search(r"http://[^:]+:(\d+)", process.stdout.readline())
        assert found, "the server did not start"
        try:
            yield Running(process.pid, int(found[1]))
        finally:
            process.terminate()
            process.wait(10)


def tree(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def ticks(pid: int) -> int:
    """Return the CPU time of a process so far, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _pss(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
