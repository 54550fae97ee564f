"""A server as a child process: its start, and its end together with this process."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from protocol_sandbox.errors import StartError

# Run by its path, and with neither its folder nor the current one on the path of imports.
COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("__main__.py")))
PREFIX = "SANDBOX_"
"""The prefix of the variables that configure a server."""
START_SECONDS = 60.0
STOP_SECONDS = 10.0
"""Upper bounds, for machines under load. Both usually take a fraction of a second."""


class ServerProcess:
    """A running server, ready to be used: it has answered a request.

    ``settings`` are texts by the name of the setting, like ``{"max_body_bytes": "100"}``. ``journal`` is an open file
    that gets every call as a line of JSON. Raises StartError.

    The server ends with this process, however that ends, because it notices that a pipe is closed. Ctrl-C in a terminal
    does not reach it, since tests still need it while they end. It inherits neither standard input nor output.
    """

    def __init__(self, settings: Mapping[str, str], journal: IO[bytes] | None = None) -> None:
        with ExitStack() as cleanup:
            log = cleanup.enter_context(tempfile.TemporaryFile())
            reading, writing = os.pipe()
            pipe = os.fdopen(writing, "wb", buffering=0)
            cleanup.callback(pipe.close)
            with os.fdopen(reading, "rb") as parent:
                ready, process = _start(settings, parent, log, journal)
            # Not only when this object is no longer used, but also when the interpreter exits.
            self._stop = weakref.finalize(self, _stop, process, pipe, log, os.getpid())
            cleanup.pop_all()
        self._log = log
        _close_in_forks(self, pipe)
        try:
            said = _await_line(ready, time.monotonic() + START_SECONDS)
        except TimeoutError:
            said = b""
        if not said:
            message = self._failure(process)
            self.stop()
            raise StartError(message)
        announced = json.loads(said)
        self.url: str = announced["url"]
        self.pid: int = announced["pid"]

    @property
    def log(self) -> str:
        """The text that the server has printed on standard error; it prints only defects."""
        descriptor = self._log.fileno()
        # Not by seeking: the server writes at the same position of the file.
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")

    def stop(self) -> None:
        """Stop the server and wait for its end. A second call does nothing."""
        self._stop()

    def _failure(self, process: "subprocess.Popen[bytes]") -> str:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return (
                f"The server was not ready within {START_SECONDS:g} seconds; it printed: {self.log.strip()}"
            )
        return self.log.strip().removeprefix("protocol-sandbox: ") or (
            f"The server ended with the exit status {process.returncode} and printed nothing."
        )


def _start(
    settings: Mapping[str, str], parent: IO[bytes], log: IO[bytes], journal: IO[bytes] | None
) -> "tuple[IO[bytes], subprocess.Popen[bytes]]":
    """Return the reading end of the pipe that the server writes to when it is ready, and its process."""
    reading, writing = os.pipe()
    ready = os.fdopen(reading, "rb", buffering=0)
    flags = ["--parent-pipe", str(parent.fileno()), "--ready-file", f"/dev/fd/{writing}"]
    passed = [parent.fileno(), writing]
    if journal is not None:
        flags += ["--journal-file", f"/dev/fd/{journal.fileno()}"]
        passed.append(journal.fileno())
    try:
        process = subprocess.Popen(  # noqa: S603  # our own command
            [*COMMAND, *flags],
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=passed,
            start_new_session=True,
        )
    except BaseException:
        ready.close()
        raise
    finally:
        os.close(writing)
    return ready, process


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the server. Settings are variables, as everybody can read the flags of a process."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        # How strict a test suite is about warnings does not apply to the server.
        if not name.startswith(PREFIX) and name != "PYTHONWARNINGS"
    }
    return inherited | {PREFIX + name.upper(): text for name, text in settings.items()}


def _await_line(pipe: IO[bytes], deadline: float) -> bytes:
    """Return the line that arrives in ``pipe``, or nothing if it is closed before. Raises TimeoutError."""
    said = b""
    with pipe:
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        while not said.endswith(b"\n"):
            if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise TimeoutError
            part = os.read(pipe.fileno(), 4096)
            if not part:
                return b""
            said += part
    return said


def _stop(process: "subprocess.Popen[bytes]", pipe: IO[bytes], log: IO[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return  # A fork of the process that started the server.
    pipe.close()
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    log.close()


def _close_in_forks(process: ServerProcess, pipe: IO[bytes]) -> None:
    """Close ``pipe`` in forks of this process, which might otherwise outlive it and keep the server running."""
    used = weakref.ref(process)

    def close() -> None:
        if used() is not None:
            pipe.close()

    os.register_at_fork(after_in_child=close)
