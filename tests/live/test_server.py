"""The ``Server`` helper of ``tests/live``."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.server import Server, environment

SLEEP = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]


@pytest.fixture
def ignored_sigint() -> Iterator[None]:
    """Ignore SIGINT, as a background job of a shell script does."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    assert signal.signal(signal.SIGINT, previous) is signal.SIG_IGN


@pytest.mark.usefixtures("ignored_sigint")
def test_sigint_stops_a_server_started_by_a_background_job(tmp_path: Path) -> None:
    server = Server(SLEEP, environment(), tmp_path, tmp_path / "log")
    assert server.process.stdout is not None
    assert server.process.stdout.readline() == "ready\n"
    assert server.end(signal.SIGINT) == -signal.SIGINT
    assert "KeyboardInterrupt" in server.log
