"""A command in a process group of its own, which gets the signals of this process, and is gone when it has ended."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from protocol_sandbox.exec.terminal import Terminal

FORWARDED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
)
NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""Exit statuses, those of a shell."""
END_SECONDS = 3.0
"""The time for processes that the command leaves behind, until they are killed."""


class CommandError(Exception):
    """The command could not be started. ``status`` is the exit status that a shell would have."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run ``command`` until it ends, and return its exit status, or the negative number of the signal that ended it.

    Signals are passed on to all processes of the command, and those that it leaves behind are ended. Raises
    CommandError.
    """
    terminal = Terminal()
    with _forwarded_signals() as send_to:
        process = _start(command, environment)
        send_to(process.pid)
        terminal.give(process.pid)
        if terminal.is_ours:
            # It may have been stopped because it read from the terminal too early.
            _signal(process.pid, signal.SIGCONT)
        try:
            process.returncode = _wait(process.pid, terminal)
        finally:
            terminal.take_back()
            _end(process.pid)
    return process.returncode


def end_like(status: int) -> NoReturn:
    """End this process as the command has ended: with the same exit status, or by the same signal."""
    if status < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError, ValueError):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
        status = 128 - status  # a signal that this process survives
    raise SystemExit(status)


def _start(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(command, env=environment, process_group=0)  # noqa: S603  # the command of the user
    except FileNotFoundError:
        raise CommandError(NOT_FOUND, f"The command {command[0]} was not found.") from None
    except OSError as error:
        raise CommandError(
            NOT_EXECUTABLE, f"The command {command[0]} cannot be run: {error.strerror}."
        ) from None


def _wait(pid: int, terminal: Terminal) -> int:
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        if terminal.is_ours:
            # Ctrl-Z: stop as well, so that the shell takes over, and go on together.
            terminal.take_back()
            os.kill(os.getpid(), signal.SIGSTOP)
            terminal.give(pid)
            _signal(pid, signal.SIGCONT)


def _end(group: int) -> None:
    """End the processes that are left of the group."""
    deadline = time.monotonic() + END_SECONDS
    is_left = _signal(group, signal.SIGTERM)
    _signal(group, signal.SIGCONT)
    while is_left and time.monotonic() < deadline:
        # They are children of others, so nobody tells when they have ended.
        time.sleep(0.02)
        is_left = _signal(group, 0)
    if is_left:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    """Send a signal to a process group, and return whether it exists."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextmanager
def _forwarded_signals() -> Iterator[Callable[[int], None]]:
    """Pass signals on. Yield a function that takes the process group, and gets those that came before there was one."""
    groups: list[int] = []
    early: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        if groups:
            _signal(groups[0], number)
        else:
            early.append(number)

    def send_to(group: int) -> None:
        groups.append(group)
        for number in early:
            _signal(group, number)

    # What is ignored, as under nohup, stays ignored: also for the command.
    handled = [each for each in FORWARDED if signal.getsignal(each) is not signal.SIG_IGN]
    previous = [(each, signal.signal(each, forward)) for each in handled]
    try:
        yield send_to
    finally:
        for number, handler in previous:
            signal.signal(number, handler)
