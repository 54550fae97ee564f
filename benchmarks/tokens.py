"""The cost of tokens: the first call of a new one, and the memory of ten thousand.

    python -m benchmarks.tokens

Prints the CPU microseconds of a retrieve with a new token each time and with a known one, for a running server and for
the application in process; the growth in memory after ten thousand tokens made one call each; and the seconds in which
the scenarios ``crowd`` and ``default`` are loaded.
"""

import gc
import socket
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count, repeat
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.calls import call, microseconds
from benchmarks.server import Running, sandbox_server
from sandbox.app import create_app
from sandbox.seeding.scenario import load
from sandbox.settings import Settings

RETRIEVE = "/v1/conversations/xgQQXg3hrtjh7AvZ"
TOKENS = 10_000
PAGE_KILOBYTES = 4


def resident_megabytes() -> float:
    """Return the memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KILOBYTES / 1024


def by_a_new_token(app: Any) -> Callable[[], object]:
    """Return a function that makes the first call of a new token each time."""
    numbers = count()
    return lambda: call(app, "GET", RETRIEVE, token=f"worker-{next(numbers)}")


def served(server: Running, tokens: Iterable[str]) -> float:
    """Return the server's CPU microseconds per retrieve, one for each of ``tokens`` in turn on one connection."""
    calls = 0
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        before = server.cpu_seconds()
        for token in tokens:
            connection.sendall(
                f"GET {RETRIEVE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
            calls += 1
        return (server.cpu_seconds() - before) / calls * 1e6


def over_the_wire() -> tuple[float, float]:
    """Return the microseconds of the first call of a new token and of a known token, medians of interleaved rounds."""
    rounds = []
    with sandbox_server("--max-sandboxes", "100000") as server:
        for number in range(5):
            known = served(server, repeat("known", TOKENS))
            new = served(server, (f"round-{number}-worker-{each}" for each in range(TOKENS)))
            rounds.append((new, known))
    return median(each[0] for each in rounds), median(each[1] for each in rounds)


def seconds_to_load(name: str) -> float:
    """Return the seconds in which a scenario is loaded from its file into a state that can be served."""
    begun = perf_counter()
    load(name).initial_state(0)
    return perf_counter() - begun


def main() -> None:
    """Measure, and print the figures."""
    new_served, known_served = over_the_wire()
    default, crowd = seconds_to_load("default"), seconds_to_load("crowd")
    app = create_app(Settings())
    new, known = by_a_new_token(app), partial(call, app, "GET", RETRIEVE)
    known()
    before = resident_megabytes()
    rounds = [(microseconds(new, TOKENS // 10), microseconds(known, TOKENS // 10)) for _ in range(10)]
    gc.collect()
    grown = resident_megabytes() - before
    first, again = median(each[0] for each in rounds), median(each[1] for each in rounds)
    print(compared("served", new_served, known_served))
    print(compared("in process", first, again))
    print(f"{TOKENS:,} tokens, one call   {grown:7.1f} MB more than none")
    print(f"crowd loads in            {crowd:7.2f} s, default in {default:.3f} s")


def compared(where: str, first: float, again: float) -> str:
    """Return a line that compares the first call of a token with a later one."""
    ratio = f"{first / again:.2f} of a known token's ({again:.0f} µs)"
    return f"first call, {where:10}    {first:7.0f} µs of CPU, {ratio}"


if __name__ == "__main__":
    main()
