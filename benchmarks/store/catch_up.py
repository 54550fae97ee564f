"""The first call of a worker that has no copy of a world of many changes."""

import socket
from contextlib import closing
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.persist import receive, request
from benchmarks.server import Running, sandbox_server
from benchmarks.store.calls import UNBOUNDED
from benchmarks.store.load import ITEM, OPERATIONS, warm
from tests.valkey_server import ValkeyServer

AT_ONCE = 100
STARTS = 3
NEARLY = 0.95
"""The bytes of the changes since a checkpoint, as a part of its own, that count as the worst case."""


class Log(NamedTuple):
    """The state of a world in the store: bytes of its checkpoint, and the number and the bytes of the changes since."""

    checkpoint: int
    changes: int
    bytes: int


def catch_up(valkey: ValkeyServer, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Measure and print the first call of cold workers, as checkpoints are written and just before the next one."""
    figures = {}
    print(
        "\n| changes | checkpoint, bytes | changes since | their bytes | first call, ms | second call, ms |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    with sandbox_server(*UNBOUNDED, "--store", valkey.url) as writer:
        updated = new_world(valkey, writer, "updates")
        write(writer, "updates-0", "update", sizes[0])
        figures["updates"] = _measured(valkey, updated, "updates-0", f"{sizes[0]:,} updates of one")
        created = new_world(valkey, writer, "creates")
        done = 0
        for size in sizes:
            write(writer, "creates-0", "create", size - done)
            figures[f"{size} creates"] = _measured(valkey, created, "creates-0", f"{size:,} creates")
            done = size
            log = log_of(valkey, created)
            while log.bytes < NEARLY * log.checkpoint and done < 2 * size:
                write(writer, "creates-0", "create", AT_ONCE * 5)
                done += AT_ONCE * 5
                log = log_of(valkey, created)
            figures[f"{size} creates and more"] = _measured(
                valkey, created, "creates-0", f"{done:,} creates, the next checkpoint is near"
            )
    return figures


def new_world(valkey: ValkeyServer, server: Running, token: str) -> str:
    """Make the first call with the token ``token-0``, and return the beginning of the keys of its world."""
    before = _worlds(valkey)
    warm(server, token, 1)
    (found,) = _worlds(valkey) - before
    return found


def write(server: Running, token: str, operation: str, number: int) -> None:
    """Make a number of writes, which travel together."""
    sent = request(*OPERATIONS[operation], token)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for begun in range(0, number, AT_ONCE):
            wanted = min(AT_ONCE, number - begun)
            connection.sendall(sent * wanted)
            received, tail = 0, b""
            while received < wanted:
                data = tail + connection.recv(1 << 20)
                received += data.count(b"HTTP/1.1 20")
                tail = data[-len("HTTP/1.1 20") + 1 :]


def log_of(valkey: ValkeyServer, world: str) -> Log:
    """Return the state of a world. The bytes of its changes are estimated from the last one."""
    with closing(valkey.client()) as client:
        changes = client.llen(f"{world}:log")
        last = client.lindex(f"{world}:log", -1) or b""
        return Log(client.strlen(f"{world}:checkpoint"), changes, changes * len(last))


def _worlds(valkey: ValkeyServer) -> set[str]:
    with closing(valkey.client()) as client:
        return {key.decode().removesuffix(":meta") for key in client.scan_iter("*:meta", 1000)}


def _measured(valkey: ValkeyServer, world: str, token: str, name: str) -> dict[str, Any]:
    log = log_of(valkey, world)
    firsts, seconds = zip(*(_first_calls(valkey, token) for _ in range(STARTS)), strict=True)
    first, second = median(firsts) * 1e3, median(seconds) * 1e3
    print(
        f"| {name} | {log.checkpoint:,} | {log.changes:,} | {log.bytes:,} | {first:,.0f} | {second:.1f} |",
        flush=True,
    )
    return log._asdict() | {"first_ms": first, "second_ms": second}


def _first_calls(valkey: ValkeyServer, token: str) -> tuple[float, float]:
    """Return the seconds of the first two retrieves with a token of a server that has just started."""
    with (
        sandbox_server(*UNBOUNDED, "--store", valkey.url) as server,
        socket.create_connection(("127.0.0.1", server.port)) as connection,
    ):
        # The first call of all opens the connection to the store.
        took = []
        for sent in (request("GET", ITEM, "", each) for each in ("other", token, token)):
            begun = perf_counter()
            connection.sendall(sent)
            receive(connection)
            took.append(perf_counter() - begun)
        return took[1], took[2]
