"""Servers as processes of their own: how they are started, found, and ended by their id."""

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
PATIENCE_SECONDS = 30.0
"""How long anything may take on a machine that is busy; nothing waits that long when all is well."""
LAST_LINE = "Ctrl-C stops it."


class Server:
    """A server process.

    ``address`` is ``http://127.0.0.1:{port}``, ``banner`` what it printed. ``is_ours`` where it was started as
    ``python -m sandbox``, which logs nothing but defects.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self._log = log
        self.is_ours = tuple(command[: len(SANDBOX)]) == SANDBOX
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
        """All that it wrote to stderr."""
        return self._log.read_text()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.address.rpartition(":")[2])

    def read_banner(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for the banner and learn the address from it."""
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
        found = re.search(r"listening on (http://\S+)", "\n".join(self.banner))
        assert found, f"no address in the banner {self.banner}; the log says: {self.log}"
        self.address = found[1]

    def await_health(self, address: str) -> None:
        """Wait until it answers at ``address``, whatever it answers; for servers that say nothing."""
        self.address = address

        def answers() -> bool:
            assert self.process.poll() is None, self.log
            try:
                httpx.get(f"{address}/__admin/health", timeout=PATIENCE_SECONDS)
            except httpx.TransportError:
                return False
            return True

        wait_until(answers)

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """End it by its id, and answer its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self._ended()

    def press_ctrl_c(self) -> int:
        """What a terminal does on Ctrl-C: SIGINT to every process of the command. Answers the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self._ended()

    def _ended(self) -> int:
        try:
            status = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)
            raise
        finally:
            if self.process.stdout is not None and not self.process.stdout.closed:
                self.banner += self.process.stdout.read().splitlines()
                self.process.stdout.close()
        return status


@contextmanager
def _default_sigint() -> Iterator[None]:
    """Let processes that are started meanwhile react to SIGINT as in a terminal.

    A shell makes its background jobs ignore SIGINT, and whatever they start inherits that, unless it installs a handler
    of its own. A signal that has a handler is reset to its default in a new program, so one is installed here.
    """
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def environment(**variables: str) -> dict[str, str]:
    """The environment of this run without what would configure a server, and with ``variables``."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SANDBOX_", "GUNICORN_", "FLASK_", "COV", "PYTEST_"))
        and name not in {"PORT", "WEB_CONCURRENCY"}
    }
    return ours | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"} | variables


def procfile_command() -> str:
    """What the Procfile starts as ``web``."""
    kind, _, command = (REPOSITORY / "Procfile").read_text().strip().partition(": ")
    assert kind == "web"
    return command


def in_a_shell(command: str) -> list[str]:
    """``command`` as a real shell runs it. The server takes the shell's place, and so its process id."""
    return ["sh", "-c", f"exec {command}"]


def run(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m sandbox`` to its end."""
    return subprocess.run(
        [*SANDBOX, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def shell(command: str, folder: Path | None = None) -> str:
    """What a line prints when it is pasted into a real shell."""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.quote(command)} failed: {done.stderr}"
    return done.stdout


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Ask again until ``condition`` holds; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def free_port() -> int:
    """A port that is free just now, for servers that cannot be asked for any."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
