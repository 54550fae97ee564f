"""Fixtures for the tests of the file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.file.harness import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "worlds.db")
    yield server
    server.engine.close()
