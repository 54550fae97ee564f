"""Server processes for tests: starting them, reading their banner, and ending them by their id."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = sysconfig.get_path("scripts")
SANDBOX = (sys.executable, "-m", "sandbox")
TIMEOUT_SECONDS = 30.0
"""Upper bound of every wait, for busy machines; a passing test never waits that long."""
LAST_LINE = "Ctrl-C stops it."


class Server:
    """A server process.

    ``address`` is ``http://127.0.0.1:{port}`` and ``banner`` the lines that it printed. ``is_sandbox`` is true if it
    was started as ``python -m sandbox``, which logs only defects.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self._log = log
        self.is_sandbox = tuple(command[: len(SANDBOX)]) == SANDBOX
        with log.open("wb") as errors, _default_sigint():
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                process_group=0,
            )
        self.banner: list[str] = []
        self.address = ""

    @property
    def log(self) -> str:
        """The output on stderr."""
        return self._log.read_text()

    @property
    def port(self) -> int:
        """The port of the server."""
        return int(self.address.rpartition(":")[2])

    def read_banner(self, seconds: float = TIMEOUT_SECONDS) -> None:
        """Wait for the banner and take the address from it."""
        assert self.process.stdout is not None
        watchdog = Timer(seconds, os.killpg, (self.process.pid, signal.SIGKILL))
        watchdog.start()
        try:
            for line in self.process.stdout:
                self.banner.append(line.rstrip("\n"))
                if LAST_LINE in line:
                    break
        finally:
            watchdog.cancel()
        match = re.search(r"listening on (http://\S+)", "\n".join(self.banner))
        status = self.process.poll()
        assert match, f"no address in the banner {self.banner}; exit status: {status}; log: {self.log}"
        self.address = match[1]

    def wait_for_response(self, address: str) -> None:
        """Wait until it answers at ``address``, with any status; for servers that print no banner."""
        self.address = address

        def responds() -> bool:
            assert self.process.poll() is None, self.log
            try:
                httpx.get(f"{address}/__admin/health", timeout=TIMEOUT_SECONDS)
            except httpx.TransportError:
                return False
            return True

        wait_until(responds)

    def end(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        return self.wait_for_exit()

    def press_ctrl_c(self) -> int:
        """Send SIGINT to every process of the command, as a terminal does, and return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.wait_for_exit()

    def wait_for_exit(self) -> int:
        """Return the exit status once the process has ended."""
        try:
            status = self.process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(TIMEOUT_SECONDS)
            raise
        finally:
            if self.process.stdout is not None and not self.process.stdout.closed:
                self.banner += self.process.stdout.read().splitlines()
                self.process.stdout.close()
        return status


@contextmanager
def _default_sigint() -> Iterator[None]:
    """Let processes that are started in this context react to SIGINT as in a terminal.

    A shell makes the background jobs of a script ignore SIGINT, and a process that installs no handler inherits that.
    A signal with a handler is reset to its default when a new program starts, so a handler is installed here.
    """
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of this run with ``variables``, and without those that would configure a server."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SANDBOX_", "GUNICORN_", "FLASK_", "COV", "PYTEST_"))
        and name not in {"PORT", "WEB_CONCURRENCY"}
    }
    return inherited | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"} | variables


def procfile_command() -> str:
    """Return the command of the Procfile's process type ``web``."""
    process_type, _, command = (REPOSITORY / "Procfile").read_text().strip().partition(": ")
    assert process_type == "web"
    return command


def in_shell(command: str) -> list[str]:
    """Return the arguments that run ``command`` in a shell, whose process it replaces."""
    return ["sh", "-c", f"exec {command}"]


def run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m sandbox`` until it exits."""
    return subprocess.run(
        [*SANDBOX, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def run_program(text: str, *arguments: str, folder: Path) -> str:
    """Run the text of a Python program in a process of its own, and return its output."""
    process = subprocess.run(
        [sys.executable, "-c", text, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert (process.returncode, process.stderr) == (0, "")
    return process.stdout


def shell(command: str, folder: Path | None = None) -> str:
    """Run a command line in a shell and return its output."""
    process = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert process.returncode == 0, f"{shlex.quote(command)} failed: {process.stderr}"
    return process.stdout


def wait_until(condition: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
    """Poll ``condition`` until it is true; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"the condition was not met within {seconds} seconds"
        time.sleep(0.02)


def free_port() -> int:
    """Return a port that is free at the moment, for servers that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
