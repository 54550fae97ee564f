"""The cost of calls, beside that in memory."""

from statistics import median
from typing import Any

from benchmarks.server import Running, sandbox_server
from benchmarks.store.load import OPERATIONS, Cost, measured, warm
from tests.valkey_server import ValkeyServer

CONNECTIONS = (1, 16, 64)
WORLDS = (1, 64)
UNBOUNDED = ("--max-conversations", "10000000")
GOALS = {"retrieve": 2.2, "create": 2.5}
"""The most CPU of a call, as a ratio of that in memory."""


def calls(valkey: ValkeyServer, rounds: int) -> dict[str, Any]:
    """Measure and print the cost of calls in interleaved rounds."""
    costs: dict[tuple[str, int, int, str], list[Cost]] = {}
    with (
        sandbox_server(*UNBOUNDED) as memory,
        sandbox_server(*UNBOUNDED, "--store", valkey.url) as store,
    ):
        servers = {"memory": memory, "store": store}
        for number in range(rounds):
            for worlds in WORLDS:
                token = f"calls-{number}-{worlds}"
                for server in servers.values():
                    warm(server, token, worlds)
                for connections in CONNECTIONS:
                    for operation in OPERATIONS:
                        for where, server in servers.items():
                            cost = _measured(server, operation, token, worlds, connections, valkey.pid)
                            costs.setdefault((operation, connections, worlds, where), []).append(cost)
    return _report(costs)


def _measured(
    server: Running, operation: str, token: str, worlds: int, connections: int, valkey: int
) -> Cost:
    return measured(
        server, OPERATIONS[operation], token=token, tokens=worlds, connections=connections, valkey=valkey
    )


def _report(costs: dict[tuple[str, int, int, str], list[Cost]]) -> dict[str, Any]:
    print("\n| µs per call | connections | worlds | memory: CPU | median | 99 of 100 "
          "| store: CPU | median | 99 of 100 | Valkey: CPU | CPU, ratio |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    figures = {}
    for operation in OPERATIONS:
        for worlds in WORLDS:
            for connections in CONNECTIONS:
                memory, store = (
                    Cost(
                        *(
                            median(values)
                            for values in zip(*costs[operation, connections, worlds, where], strict=True)
                        )
                    )
                    for where in ("memory", "store")
                )
                figures[f"{operation}, {connections}, {worlds}"] = {
                    "memory": memory._asdict(),
                    "store": store._asdict(),
                }
                ratio = store.workers / memory.workers
                print(
                    f"| {operation} | {connections} | {worlds} | {memory.workers:.0f} | {memory.median:,.0f} "
                    f"| {memory.slow:,.0f} | {store.workers:.0f} | {store.median:,.0f} | {store.slow:,.0f} "
                    f"| {store.valkey:.0f} | {ratio:.2f} |"
                )
    return figures
