"""The end of a process: what is registered for it runs, and no object is freed."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys
from sandbox.server.process_end import end_process

class Large:
    def __del__(self):
        print("freed")

large = Large()
atexit.register(print, "registered")
sys.stdout.write("written, ")
end_process(int(sys.argv[1]))
"""


@pytest.mark.parametrize("status", [0, 3])
def test_registered_functions_run_and_output_is_written_but_nothing_is_freed(status: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(status)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, "written, registered\n", "")
