"""Servers as child processes: ready at once, and gone with their parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from protocol_sandbox import StartError, process
from protocol_sandbox.process import ServerProcess
from tests.kit.processes import is_running, session_of, wait_for_end
from tests.live.server import TIMEOUT_SECONDS, environment

SETTINGS = {"port": "0", "scenario": "blank"}
PARENT = """
import sys, time
from protocol_sandbox.process import ServerProcess
server = ServerProcess({"port": "0"})
print(server.pid, server.url, flush=True)
sys.stdin.read()
"""


def start_parent(folder: Path, program: str = PARENT) -> tuple["subprocess.Popen[str]", int]:
    """Start a process that starts a server, and return it with the process id of the server."""
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(),
    )
    assert parent.stdout is not None
    pid, url = parent.stdout.readline().split()
    assert httpx.get(f"{url}/__admin/health", timeout=TIMEOUT_SECONDS).status_code == 200
    return parent, int(pid)


def test_server_responds_as_soon_as_it_has_started() -> None:
    server = ServerProcess(SETTINGS)
    try:
        assert httpx.get(f"{server.url}/__admin/health").json()["status"] == "ok"
        assert server.log == ""
    finally:
        server.stop()


def test_stop_ends_all_processes_and_may_be_called_twice() -> None:
    server = ServerProcess(SETTINGS)
    pids = session_of(server.pid)
    assert len(pids) == 2  # gunicorn's arbiter and its worker
    server.stop()
    assert not any(map(is_running, pids))
    server.stop()


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_server_ends_when_its_parent_is_killed(sign: signal.Signals, tmp_path: Path) -> None:
    parent, pid = start_parent(tmp_path)
    pids = session_of(pid)
    assert len(pids) == 2
    parent.send_signal(sign)
    parent.communicate(timeout=TIMEOUT_SECONDS)
    wait_for_end(*pids)


def test_server_ends_when_its_parent_exits_without_stopping_it(tmp_path: Path) -> None:
    parent, pid = start_parent(tmp_path)
    pids = session_of(pid)
    parent.communicate("", timeout=TIMEOUT_SECONDS)
    assert parent.returncode == 0
    wait_for_end(*pids)


def test_fork_of_the_parent_neither_stops_the_server_nor_keeps_it(tmp_path: Path) -> None:
    program = PARENT.replace(
        "sys.stdin.read()",
        "import os\nif os.fork() == 0:\n    server.stop()\n    time.sleep(600)\nsys.stdin.read()",
    )
    parent, pid = start_parent(tmp_path, program)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    (fork,) = [int(each) for each in children.read_text().split() if int(each) != pid]
    try:
        assert is_running(pid)
        parent.kill()
        wait_for_end(*session_of(pid))
        assert is_running(fork)
    finally:
        os.kill(fork, signal.SIGKILL)
        parent.communicate(timeout=TIMEOUT_SECONDS)


def test_server_inherits_no_standard_stream() -> None:
    server = ServerProcess(SETTINGS)
    try:
        for pid in session_of(server.pid):
            streams = [Path(f"/proc/{pid}/fd/{number}").readlink() for number in range(3)]
            assert [str(each) for each in streams[:2]] == ["/dev/null"] * 2
            assert streams[2] != Path("/proc/self/fd/2").readlink()
    finally:
        server.stop()


def test_failed_start_has_the_message_of_the_server() -> None:
    with pytest.raises(StartError, match=r'^There is no scenario "nowhere"; known are blank'):
        ServerProcess({"port": "0", "scenario": "nowhere"})


def test_end_without_a_message_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(StartError, match="exit status 3"):
        ServerProcess(SETTINGS)


def test_server_that_never_gets_ready_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "START_SECONDS", 0.01)
    monkeypatch.setattr(process, "STOP_SECONDS", 0.01)
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", "import time; time.sleep(600)"))
    with pytest.raises(StartError, match=r"not ready within 0\.01 seconds"):
        ServerProcess(SETTINGS)


def test_environment_has_no_setting_of_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_NONSENSE", "1")
    monkeypatch.setenv("SANDBOX_SCENARIO", "crowd")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    server = ServerProcess(SETTINGS)
    try:
        conversations = httpx.get(f"{server.url}/v1/conversations", headers={"Authorization": "Bearer a"})
        assert conversations.json()["data"] == []
    finally:
        server.stop()
