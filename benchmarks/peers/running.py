"""Starting a server, waiting for it, checking its responses, and ending it."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import perf_counter, sleep
from typing import IO, NamedTuple

from benchmarks.peers.contender import Call, Contender
from benchmarks.peers.content import RETRIEVE
from benchmarks.server import Running, tree

PATIENCE = 60
"""The seconds in which a server has to start."""
BETWEEN_TRIES = 0.002
"""The seconds between two attempts to reach a server."""


class Started(NamedTuple):
    """A running server, and the seconds from its start to its first 200."""

    server: Running
    seconds: float


@contextmanager
def started(contender: Contender) -> Iterator[Started]:
    """Run a server in a new folder."""
    port = _free_port()
    environment = os.environ | {"NODE_ENV": "production"}
    # An installed package is compiled already. A checkout is compiled once, unless this variable forbids it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile() as log:
        folder = Path(name)
        contender.write(folder)
        begun = perf_counter()
        with subprocess.Popen(  # noqa: S603  # our own command
            contender.command(folder, port),
            cwd=contender.folder or folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        ) as process:
            try:
                seconds = _first_200(contender, process, port, log, begun)
                yield Started(Running(process.pid, port), seconds)
            finally:
                _end(process)


def check(contender: Contender, port: int) -> None:
    """Check the response of every operation. Raise RuntimeError if one is not as expected."""
    for operation, call in contender.calls.items():
        status, body = _answer(call, port)
        if not contender.check(operation, status, json.loads(body)):
            raise RuntimeError(f"{contender.name}, {operation}: {status} {body[:200]!r}")


def _first_200(
    contender: Contender, process: subprocess.Popen[bytes], port: int, log: IO[bytes], begun: float
) -> float:
    while perf_counter() - begun < PATIENCE and process.poll() is None:
        with suppress(OSError, HTTPException):
            if _answer(contender.calls[RETRIEVE], port)[0] == 200:
                return perf_counter() - begun
        sleep(BETWEEN_TRIES)
    log.seek(0)
    raise RuntimeError(f"{contender.name} did not start: {log.read().decode(errors='replace')[-2000:]}")


def _answer(call: Call, port: int) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(call.method, call.path, call.body or None, call.headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all its descendants."""
    if process.poll() is not None:
        return
    family = tree(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
