"""Servers whose coverage is measured. It is not in ``tests/live``, because it would slow the servers down."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.live.conftest import StartServer, server_factory


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Return ``start`` of ``tests/live``, with coverage in the servers if this run measures it."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    for started in server_factory(tmp_path):
        yield partial(started, **measured)
