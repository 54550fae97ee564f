"""Test suites of others: folders in which pytest runs in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.live.server import SCRIPTS, environment

TIMEOUT_SECONDS = 300.0
OTHER_PLUGINS = ("anyio", "faker", "hypothesispytest", "pytest_cov", "schemathesis")
"""Plugins of this project's own tests, which most suites do not have. Importing them takes longer than the tests."""
PYTEST = (f"{SCRIPTS}/pytest",)
PYTHON_M_PYTEST = (sys.executable, "-m", "pytest")
CALL = """
import urllib.request


def call(sandbox, path="/v1/conversations", **fields):
    data = urllib.parse.urlencode(fields).encode() if fields else None
    request = urllib.request.Request(sandbox.url + path, data, dict(sandbox.headers))
    try:
        with urllib.request.urlopen(request) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
"""
"""A client for the tests of a suite: ``from client import call``, ``call(sandbox, contact_id="a")``."""


def measured_environment(**variables: str) -> dict[str, str]:
    """Return the environment of a process whose coverage is measured if that of this run is."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return environment(**measured, **variables)


class Outcome(NamedTuple):
    """The end of a run: its exit status, and its output."""

    status: int
    output: str

    def counts(self) -> dict[str, int]:
        """Return the numbers of the last line, like ``{"passed": 2}``."""
        last = self.output.rstrip().splitlines()[-1]
        return {name: int(number) for number, name in re.findall(r"(\d+) (passed|failed|error)", last)}


class Suite:
    """A folder with tests. It has ``pytest.ini``, so that pytest looks for its configuration nowhere else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("pytest.ini", "[pytest]\naddopts = --strict-markers -W error\n")
        self.write("client.py", CALL)
        self.write(
            "conftest.py", "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\n"
        )

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(
        self, *arguments: str, command: tuple[str, ...] = PYTEST, variables: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run pytest until it ends."""
        done = subprocess.run(
            [*self.command(command), *arguments],
            cwd=self.folder,
            env=self.environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        return Outcome(done.returncode, done.stdout)

    @staticmethod
    def command(pytest: tuple[str, ...] = PYTEST) -> list[str]:
        """Return the command that runs pytest."""
        blocked = [word for name in ("cacheprovider", *OTHER_PLUGINS) for word in ("-p", f"no:{name}")]
        return [*pytest, "-q", *blocked]

    def environment(self, variables: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a run. It has a ``PYTHONPATH`` only if ``variables`` have."""
        inherited = measured_environment()
        inherited.pop("PYTHONPATH", None)
        return inherited | dict(variables or {})
