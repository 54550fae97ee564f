"""The load: one call, repeated by wrk on several connections, and the CPU time that it takes."""

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple

from benchmarks.persist import receive, request
from benchmarks.server import CLOCK_TICKS, Running, ticks, tree

SCRIPT = Path(__file__).with_name("request.lua")
ITEM = "/v1/conversations/xgQQXg3hrtjh7AvZ"


class Operation(NamedTuple):
    """A call: its method, its path with the query, and its body."""

    method: str
    path: str
    body: str = ""


OPERATIONS = {
    "retrieve": Operation("GET", ITEM),
    "list of 10": Operation("GET", "/v1/conversations?limit=10"),
    "create": Operation("POST", "/v1/conversations", '{"contact_id": "c1"}'),
    "update": Operation("PUT", ITEM, '{"is_muted": true}'),
}


class Cost(NamedTuple):
    """Calls per second, and microseconds per call: CPU of the workers, CPU of Valkey, median and 99th percentile."""

    rate: float
    workers: float
    valkey: float
    median: float
    slow: float


def wrk() -> str:
    """Return the path of wrk. Raises FileNotFoundError, which says how to install it."""
    found = shutil.which("wrk")
    if found is None:
        raise FileNotFoundError("wrk is not installed (apt-get install wrk)")
    return found


def warm(server: Running, token: str, tokens: int) -> None:
    """Make one call with each of the tokens, so that their sandboxes exist."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for number in range(tokens):
            connection.sendall(request("GET", ITEM, "", f"{token}-{number}"))
            receive(connection)


def measured(
    server: Running,
    operation: Operation,
    *,
    token: str,
    tokens: int,
    connections: int,
    valkey: int | None,
    seconds: int = 1,
) -> Cost:
    """Return the cost of one call of an operation. ``valkey`` is the process id of the store."""
    workers = tree(server.pid)[1:]
    before, before_valkey = _cpu(workers), _cpu([valkey] if valkey else [])
    command = [
        *(wrk(), "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"),
        *("--timeout", "10s", "--script", str(SCRIPT), f"http://127.0.0.1:{server.port}/", "--"),
        *(*operation, token, str(tokens)),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own command
    figures = json.loads(said.stdout.splitlines()[-1])
    assert not figures["failed"], said.stdout
    calls = figures["requests"]
    return Cost(
        calls / figures["microseconds"] * 1e6,
        (_cpu(workers) - before) / calls * 1e6,
        (_cpu([valkey] if valkey else []) - before_valkey) / calls * 1e6,
        figures["median"],
        figures["slow"],
    )


def _cpu(pids: list[int]) -> float:
    """Return the seconds of CPU time that processes have used, without their children."""
    return sum(map(ticks, pids)) / CLOCK_TICKS
