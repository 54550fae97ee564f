"""Commands at a terminal."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protocol_sandbox.exec.terminal import Terminal
from tests.kit.exec.test_command import RUNNER
from tests.kit.suite import measured_environment
from tests.live.server import TIMEOUT_SECONDS

AT_A_TERMINAL = """
import os, pty, sys
raise SystemExit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) % 256)
"""
CTRL_C, CTRL_Z = "\x03", "\x1a"


def run_at_a_terminal(command: str, typed: dict[str, str], folder: Path) -> tuple[int, str]:
    """Run a shell command as ``exec`` does, at a terminal. ``typed`` are the keys that are pressed after an output."""
    with subprocess.Popen(
        [sys.executable, "-c", AT_A_TERMINAL, sys.executable, "-c", RUNNER, "sh", "-c", command],
        cwd=folder,
        env=measured_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        output = b""
        for awaited, keys in typed.items():
            while awaited.encode() not in output:
                part = process.stdout.read(1024)
                assert part, output
                output += part
            process.stdin.write(keys.encode())
        output += process.stdout.read()
        return process.wait(TIMEOUT_SECONDS), output.decode()


def test_command_reads_from_the_terminal(tmp_path: Path) -> None:
    command = "echo ready; read line; echo got $line; exit 3"
    status, output = run_at_a_terminal(command, {"ready": "hello\n"}, tmp_path)
    assert status == 3, output
    assert "got hello" in output


def test_ctrl_c_reaches_the_command_once(tmp_path: Path) -> None:
    command = "trap 'echo interrupted; exit 6' INT; echo ready; while :; do sleep 0.1; done"
    status, output = run_at_a_terminal(command, {"ready": CTRL_C}, tmp_path)
    assert status == 6, output
    assert output.count("interrupted") == 1


def test_without_a_terminal_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTTOU)
    for stdin in (None, sys.__stdin__):
        monkeypatch.setattr(sys, "stdin", stdin)
        terminal = Terminal()
        assert not terminal.is_ours
        terminal.give(1)
        terminal.take_back()
    assert signal.getsignal(signal.SIGTTOU) is before
