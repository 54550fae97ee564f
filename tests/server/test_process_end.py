"""The end of a process: registered functions run, output is written, and no object is freed."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import atexit, os, sys
from sandbox.server.process_end import end_process

class Large:
    def __del__(self):
        print("freed")

large = Large()
atexit.register(print, "registered")
sys.stdout.write("written, ")
end_process(3)
"""
NO_OUTPUT = """
import os, sys
from sandbox.server.process_end import end_process

sys.stdout.write("lost")
{lose}
end_process(3)
"""


def run(program: str) -> tuple[int, str, str]:
    """Run a program, and return its status and its output."""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_registered_functions_run_and_output_is_written_but_nothing_is_freed() -> None:
    assert run(PROGRAM) == (3, "written, registered\n", "")


@pytest.mark.parametrize("lose", ["sys.stdout = None", "os.close(1)"])
def test_process_without_output_ends_with_its_status(lose: str) -> None:
    assert run(NO_OUTPUT.format(lose=lose)) == (3, "", "")
