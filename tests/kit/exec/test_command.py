"""Commands in a process group of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from protocol_sandbox.exec.command import CommandError, end_like, run_command
from tests.kit.processes import descendants, wait_for_end
from tests.kit.suite import measured_environment
from tests.live.server import TIMEOUT_SECONDS, wait_until

RUNNER = """
import os, sys
from protocol_sandbox.exec.command import end_like, run_command
end_like(run_command(sys.argv[1:], os.environ))
"""


def python(program: str) -> list[str]:
    """Return the command that runs a program."""
    return [sys.executable, "-c", program]


@contextmanager
def running(command: list[str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a command as ``exec`` does, in a process of its own. It says ``ready`` when a signal may be sent."""
    with subprocess.Popen(
        [*python(RUNNER), *command],
        cwd=folder,
        env=measured_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_exit_status_is_that_of_the_command(status: int) -> None:
    assert run_command(["sh", "-c", f"exit {status}"], os.environ) == status


def test_signal_that_ends_the_command_is_a_negative_number() -> None:
    assert run_command(["sh", "-c", "kill -KILL $$"], os.environ) == -signal.SIGKILL


def test_command_gets_the_environment() -> None:
    assert run_command(["sh", "-c", 'test "$A" = b'], {**os.environ, "A": "b"}) == 0


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        (["/no/such/program"], 127, "The command /no/such/program was not found."),
        (["/"], 126, "The command / cannot be run: Permission denied."),
    ],
)
def test_command_that_cannot_be_started_is_an_error(command: list[str], status: int, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        run_command(command, os.environ)
    assert (refused.value.status, str(refused.value)) == (status, said)


def test_signal_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    run_command(["true"], os.environ)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("status", [0, 3])
def test_end_like_exits_with_the_status(status: int) -> None:
    with pytest.raises(SystemExit) as left:
        end_like(status)
    assert left.value.code == status


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGSEGV])
def test_end_like_ends_by_the_same_signal(sign: signal.Signals, tmp_path: Path) -> None:
    program = f"from protocol_sandbox.exec.command import end_like; end_like(-{int(sign)})"
    done = subprocess.run(
        python(program), cwd=tmp_path, env=measured_environment(), timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == -sign


def test_end_like_exits_where_the_signal_is_survived(tmp_path: Path) -> None:
    program = f"from protocol_sandbox.exec.command import end_like; end_like(-{int(signal.SIGCHLD)})"
    done = subprocess.run(
        python(program), cwd=tmp_path, env=measured_environment(), timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 128 + signal.SIGCHLD


@pytest.mark.parametrize(
    "sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT]
)
def test_signals_are_passed_on_and_decide_the_end(sign: signal.Signals, tmp_path: Path) -> None:
    with running(["sh", "-c", "echo ready; while :; do sleep 1; done"], tmp_path) as process:
        process.send_signal(sign)
        assert process.wait(TIMEOUT_SECONDS) == -sign


def test_command_may_handle_a_signal(tmp_path: Path) -> None:
    program = (
        "import signal; signal.signal(15, lambda *_: exit(7)); print('ready', flush=True); signal.pause()"
    )
    with running(python(program), tmp_path) as process:
        process.terminate()
        assert process.wait(TIMEOUT_SECONDS) == 7


def test_all_processes_of_the_command_get_a_signal(tmp_path: Path) -> None:
    with running(["sh", "-c", "(sleep 600; :) & echo ready; wait; exit 1"], tmp_path) as process:
        pids = descendants(process.pid)
        process.terminate()
        process.wait(TIMEOUT_SECONDS)
        wait_for_end(*pids)


@pytest.mark.parametrize("trap", ["", "trap '' TERM;"], ids=["usual", "stubborn"])
def test_processes_that_the_command_leaves_behind_are_ended(trap: str, tmp_path: Path) -> None:
    command = [
        "sh",
        "-c",
        f'sh -c "{trap} touch started; sleep 600; :" & while [ ! -e started ]; do :; done; exit 4',
    ]
    done = subprocess.Popen(
        [*python(RUNNER), *command], cwd=tmp_path, env=measured_environment(), start_new_session=True
    )
    wait_until((tmp_path / "started").exists)
    pids = descendants(done.pid)
    assert done.wait(TIMEOUT_SECONDS) == 4
    wait_for_end(*pids)


def test_ignored_signals_stay_ignored(tmp_path: Path) -> None:
    with running(["sh", "-c", "trap '' HUP; echo ready; read line; exit 5"], tmp_path) as process:
        process.send_signal(signal.SIGHUP)
        process.communicate("\n", timeout=TIMEOUT_SECONDS)
        assert process.returncode == 5
