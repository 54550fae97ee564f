"""Servers whose coverage is counted. Those of ``tests/live`` are not measured, which would slow them down."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.live.conftest import Start, starting


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """The fixture of ``tests/live``, with coverage in the servers where this run measures it."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    for started in starting(tmp_path):
        yield partial(started, **measured)
