"""The cost of sandboxes in a file.

    python -m benchmarks.persist

Prints, for a server in memory and one with --persist, the CPU microseconds of the whole process tree per call and the
latency on one connection: medians of interleaved rounds. Then, for files of several sizes, the size per sandbox and the
seconds in which a server starts with it.
"""

import socket
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import NamedTuple

from benchmarks.server import Running, sandbox_server

ROUNDS = 7
CALLS = 2_000
WORLDS = (100, 1_000, 10_000)
CALLS_OF_A_WORLD = 10
ITEM = "/v1/conversations/xgQQXg3hrtjh7AvZ"

NUMBERS = count()

OPERATIONS: dict[str, Callable[[], tuple[str, str, str]]] = {
    "retrieve": lambda: ("GET", ITEM, ""),
    "list of 50": lambda: ("GET", "/v1/conversations", ""),
    "create": lambda: ("POST", "/v1/conversations", f'{{"contact_id": "c{next(NUMBERS)}"}}'),
    "update": lambda: ("PUT", ITEM, '{"is_muted": true}'),
}


class Cost(NamedTuple):
    """CPU, median latency and 99th percentile of a call, in microseconds."""

    cpu: float
    latency: float
    slow: float


def request(method: str, path: str, body: str, token: str) -> bytes:
    """Return the bytes of a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n{body}".encode()


def receive(connection: socket.socket) -> None:
    """Receive one response with a ``Content-Length``."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 2"), head
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)


def measured(server: Running, make: Callable[[], tuple[str, str, str]], token: str) -> Cost:
    """Return the cost of one call of an operation."""
    seconds = []
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        before = server.cpu_seconds()
        for _ in range(CALLS):
            sent = request(*make(), token)
            begun = perf_counter()
            connection.sendall(sent)
            receive(connection)
            seconds.append(perf_counter() - begun)
        cpu = server.cpu_seconds() - before
    return Cost(cpu / CALLS * 1e6, median(seconds) * 1e6, quantiles(seconds, n=100)[-1] * 1e6)


def calls(folder: Path) -> None:
    """Measure and print the cost of calls."""
    with ExitStack() as stack:
        servers = {
            "memory": stack.enter_context(sandbox_server("--max-conversations", "10000000")),
            "file": stack.enter_context(
                sandbox_server("--max-conversations", "10000000", "--persist", str(folder / "calls.db"))
            ),
        }
        costs: dict[tuple[str, str], list[Cost]] = {}
        for number in range(ROUNDS):
            for operation, make in OPERATIONS.items():
                for where, server in servers.items():
                    costs.setdefault((operation, where), []).append(measured(server, make, f"round-{number}"))
    print(f"{'microseconds per call':24} {'memory':>26} {'file':>26}   ratio of CPU")
    print(f"{'':24} {'CPU   median   99 of 100':>26} {'CPU   median   99 of 100':>26}")
    for operation in OPERATIONS:
        cells, cpu = [], []
        for where in servers:
            rounds = costs[operation, where]
            cpu.append(median(each.cpu for each in rounds))
            latency, slow = median(each.latency for each in rounds), median(each.slow for each in rounds)
            cells.append(f"{cpu[-1]:8.0f} {latency:8.0f} {slow:8.0f}")
        print(f"{operation:24} {cells[0]} {cells[1]} {cpu[1] / cpu[0]:14.2f}")


def starts(folder: Path) -> None:
    """Measure and print the size of files and the start with them."""
    print(f"\n{'sandboxes in the file':24} {'bytes of each':>14} {'seconds to start':>18}")
    for worlds in WORLDS:
        path = folder / f"{worlds}.db"
        with sandbox_server("--persist", str(path)) as server:
            fill(server, worlds)
        size = sum(each.stat().st_size for each in folder.glob(f"{path.name}*"))
        begun = perf_counter()
        with (
            sandbox_server("--persist", str(path)) as server,
            socket.create_connection(("127.0.0.1", server.port)) as connection,
        ):
            connection.sendall(request("GET", ITEM, "", "world-0"))
            receive(connection)
            seconds = perf_counter() - begun
        print(f"{worlds:<24} {size / worlds:14,.0f} {seconds:18.2f}")


def fill(server: Running, worlds: int) -> None:
    """Make a few calls in many sandboxes: a create and reads."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for number in range(worlds):
            token = f"world-{number}"
            connection.sendall(request(*OPERATIONS["create"](), token))
            receive(connection)
            for _ in range(CALLS_OF_A_WORLD - 1):
                connection.sendall(request(*OPERATIONS["retrieve"](), token))
                receive(connection)


def main() -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        calls(Path(name))
        starts(Path(name))


if __name__ == "__main__":
    main()
