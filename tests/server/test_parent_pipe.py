"""The server ends when the pipe that its parent holds is closed."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from sandbox.server import parent_pipe, serve
from sandbox.server.parent_pipe import check_parent_pipe, end_with_parent
from sandbox.settings import Settings, SettingsError
from tests.kit.processes import session_of, wait_for_end
from tests.live.server import SANDBOX, TIMEOUT_SECONDS, environment


class Child(NamedTuple):
    """A server, and the writing end of the pipe that it watches."""

    process: "subprocess.Popen[str]"
    pipe: int


@pytest.fixture
def child() -> Iterator[Child]:
    """Start a server with a pipe, and return when it is ready."""
    reading, writing = os.pipe()
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    process = subprocess.Popen(
        [*SANDBOX, "--port", "0", "--parent-pipe", str(reading)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**measured),
        pass_fds=[reading],
        start_new_session=True,
    )
    os.close(reading)
    assert process.stdout is not None
    assert re.search(r"listening on http", process.stdout.readline())
    try:
        yield Child(process, writing)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=TIMEOUT_SECONDS)


def test_server_ends_cleanly_when_the_pipe_is_closed(child: Child) -> None:
    pids = session_of(child.process.pid)
    os.close(child.pipe)
    _, errors = child.process.communicate(timeout=TIMEOUT_SECONDS)
    assert (child.process.returncode, errors) == (0, "")
    wait_for_end(*pids)


def test_bytes_in_the_pipe_are_ignored(child: Child) -> None:
    os.write(child.pipe, b"hello" * 10_000)
    with pytest.raises(subprocess.TimeoutExpired):
        child.process.wait(0.2)
    os.close(child.pipe)
    assert child.process.wait(TIMEOUT_SECONDS) == 0


def test_worker_ends_where_its_arbiter_is_killed_as_well(child: Child) -> None:
    pids = session_of(child.process.pid)
    child.process.kill()
    os.close(child.pipe)
    wait_for_end(*pids)


def test_arbiter_is_stopped_though_another_process_has_read_what_arrived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *sent: signals.append(sent))
    reading, writing = os.pipe()
    waits: list[int] = []

    def wait_read(descriptor: int) -> None:
        waits.append(descriptor)
        if len(waits) == 2:
            os.close(writing)

    monkeypatch.setattr(parent_pipe, "wait_read", wait_read)
    end_with_parent(reading, os.getppid())
    os.close(reading)
    assert signals == [(os.getppid(), signal.SIGTERM)]


def test_closed_descriptor_is_refused() -> None:
    reading, writing = os.pipe()
    check_parent_pipe(reading)
    os.close(reading)
    os.close(writing)
    with pytest.raises(
        SettingsError, match=rf'^--parent-pipe must be an open file descriptor, not "{reading}"'
    ):
        serve(Settings(port=0, parent_pipe=reading))
