"""The memory of worlds: in Valkey, and the copies of a worker."""

from contextlib import closing
from typing import Any

from benchmarks.server import Running, sandbox_server
from benchmarks.store.calls import UNBOUNDED
from benchmarks.store.catch_up import new_world, write
from benchmarks.store.load import warm
from tests.valkey_server import ValkeyServer

COPIES = 5_000
CALLS = {
    "after its first call": (0, 0),
    "after 10 creates": (10, 0),
    "with a journal of 1,000 calls": (10, 989),
}
"""The creates and updates that follow the first call of a world."""


def sizes(valkey: ValkeyServer) -> dict[str, Any]:
    """Measure and print the memory of a world."""
    figures: dict[str, Any] = {}
    print("\n| a world | its keys in Valkey, bytes |")
    print("|---|---:|")
    with sandbox_server(*UNBOUNDED, "--store", valkey.url, "--journal-entries", "1000") as server:
        for name, (creates, updates) in CALLS.items():
            token = f"size-{creates}-{updates}"
            world = new_world(valkey, server, token)
            write(server, f"{token}-0", "create", creates)
            write(server, f"{token}-0", "update", updates)
            figures[name] = _bytes(valkey, world)
            print(f"| {name} | {figures[name]:,} |", flush=True)
    figures |= _of_many(valkey)
    return figures


def _bytes(valkey: ValkeyServer, world: str) -> int:
    with closing(valkey.client()) as client:
        return sum(client.memory_usage(key, samples=0) or 0 for key in client.scan_iter(f"{world}:*", 1000))


def _of_many(valkey: ValkeyServer) -> dict[str, Any]:
    """Measure what many worlds need, everything included, each after its first call."""
    figures: dict[str, Any] = {}
    print(f"\n| of {COPIES:,} worlds, each after its first call | bytes of each |")
    print("|---|---:|")
    with (
        sandbox_server(*UNBOUNDED) as memory,
        sandbox_server(*UNBOUNDED, "--store", valkey.url) as store,
    ):
        for name, server in {
            "memory of a worker, without a store": memory,
            "copies of a worker": store,
        }.items():
            before = _used(valkey)
            figures[name] = _grown(server)
            print(f"| {name} | {figures[name]:,.0f} |", flush=True)
        figures["memory of Valkey"] = (_used(valkey) - before) / COPIES
    print(f"| memory of Valkey | {figures['memory of Valkey']:,.0f} |", flush=True)
    return figures


def _grown(server: Running) -> float:
    warm(server, "before", 100)
    before = server.resident_kilobytes()
    warm(server, "copies", COPIES)
    return (server.resident_kilobytes() - before) * 1024 / COPIES


def _used(valkey: ValkeyServer) -> int:
    used: int = valkey.run("INFO", "memory")["used_memory"]
    return used
