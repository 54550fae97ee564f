"""The cost of kinds of calls for the store, one after the other on one connection."""

import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.persist import receive, request
from benchmarks.server import CLOCK_TICKS, Running, sandbox_server, ticks, tree
from benchmarks.store.calls import UNBOUNDED
from benchmarks.store.load import OPERATIONS
from tests.valkey_server import ValkeyCluster, ValkeyServer

CALLS = 2_000


@dataclass(frozen=True, slots=True)
class Kind:
    """The needs of a call on average: µs of CPU, of all servers of Valkey together, and bytes to and from them."""

    worker: float
    valkey: float
    bytes_in: float
    bytes_out: float


def kinds(valkey: ValkeyServer) -> dict[str, Any]:
    """Measure and print what kinds of calls need of the store."""
    figures: dict[str, Any] = {}
    print("\n| a call | worker, µs | Valkey, µs | bytes to Valkey | bytes from Valkey |")
    print("|---|---:|---:|---:|---:|")
    flags = (*UNBOUNDED, "--store", valkey.url)
    with sandbox_server(*flags) as server:
        figures["a new world"] = _printed("retrieve, a new world", server, [valkey], "world")
        figures["used"] = valkey.run("MEMORY", "USAGE", "sandbox:{fleet}:used", "SAMPLES", 0) / CALLS
        figures["retrieve"] = _printed("retrieve", server, [valkey], "world")
        figures["create"] = _printed("create", server, [valkey], "world", "create")
    with sandbox_server(*flags) as server:
        figures["a cold copy"] = _printed("retrieve, no copy yet", server, [valkey], "world")
    # The keys of a world that is used are prolonged 20 times in its idle time, at most each 10 seconds.
    with sandbox_server(*flags, "--idle-seconds", "10") as server:
        _made(server, "kept", "retrieve")
        figures["kept"] = _printed("retrieve, its keys are prolonged", server, [valkey], "kept")
    figures["cluster"] = _of_a_cluster()
    print(f"\nThe id of a world in the set of all: {figures['used']:.0f} bytes.")
    return figures


def _of_a_cluster() -> dict[str, float]:
    with TemporaryDirectory() as folder:
        cluster = ValkeyCluster(Path(folder))
        try:
            with sandbox_server(*UNBOUNDED, "--store", cluster.url) as server:
                _made(server, "world", "retrieve")
                return _printed("retrieve, three shards", server, cluster.servers, "world")
        finally:
            cluster.end()


def _printed(
    name: str, server: Running, servers: list[ValkeyServer], token: str, operation: str = "retrieve"
) -> dict[str, float]:
    workers = tree(server.pid)[1:]
    before, before_valkey, before_bytes = _cpu(workers), _cpu_of(servers), _bytes(servers)
    _made(server, token, operation)
    after_bytes = _bytes(servers)
    kind = Kind(
        (_cpu(workers) - before) / CALLS * 1e6,
        (_cpu_of(servers) - before_valkey) / CALLS * 1e6,
        *((after - earlier) / CALLS for after, earlier in zip(after_bytes, before_bytes, strict=True)),
    )
    print(
        f"| {name} | {kind.worker:.0f} | {kind.valkey:.0f} | {kind.bytes_in:,.0f} | {kind.bytes_out:,.0f} |",
        flush=True,
    )
    return asdict(kind)


def _made(server: Running, token: str, operation: str) -> None:
    """Make one call in each of many worlds."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        for number in range(CALLS):
            connection.sendall(request(*OPERATIONS[operation], f"{token}-{number}"))
            receive(connection)


def _cpu(pids: list[int]) -> float:
    return sum(map(ticks, pids)) / CLOCK_TICKS


def _cpu_of(servers: list[ValkeyServer]) -> float:
    return _cpu([server.pid for server in servers])


def _bytes(servers: list[ValkeyServer]) -> tuple[int, int]:
    stats = [server.run("INFO", "stats") for server in servers]
    return sum(each["total_net_input_bytes"] for each in stats), sum(
        each["total_net_output_bytes"] for each in stats
    )
