"""The throughput of one worker and of two."""

from statistics import median
from typing import Any

from benchmarks.server import sandbox_server
from benchmarks.store.calls import UNBOUNDED
from benchmarks.store.load import OPERATIONS, Cost, measured, warm
from tests.valkey_server import ValkeyServer

MEASURED = ("retrieve", "create")
WORLDS = 64
CONNECTIONS = 64
"""Connections per worker, so that as many calls share a trip to the store whatever the number of workers."""
GOAL = 1.7


def workers(valkey: ValkeyServer, rounds: int) -> dict[str, Any]:
    """Measure and print the throughput, and what free cores would serve: calls per CPU second of the workers.

    Where workers, Valkey and the load share the cores, the throughput says little of two workers.
    """
    costs: dict[tuple[str, int], list[Cost]] = {}
    with (
        sandbox_server(*UNBOUNDED, "--store", valkey.url, "--workers", "1") as one,
        sandbox_server(*UNBOUNDED, "--store", valkey.url, "--workers", "2") as two,
    ):
        for number in range(rounds):
            for operation in MEASURED:
                for count, server in ((1, one), (2, two)):
                    token = f"workers-{number}-{operation}-{count}"
                    warm(server, token, WORLDS)
                    cost = measured(
                        server,
                        OPERATIONS[operation],
                        token=token,
                        tokens=WORLDS,
                        connections=count * CONNECTIONS,
                        valkey=valkey.pid,
                        seconds=2,
                    )
                    costs.setdefault((operation, count), []).append(cost)
    return _report(costs)


def _report(costs: dict[tuple[str, int], list[Cost]]) -> dict[str, Any]:
    print("\n| operation | workers | calls per second | CPU of the workers, µs per call | of Valkey "
          "| calls per second that as many free cores would serve | ratio |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|")
    figures = {}
    for operation in MEASURED:
        served: list[float] = []
        for count in (1, 2):
            cost = Cost(*(median(values) for values in zip(*costs[operation, count], strict=True)))
            served.append(count * 1e6 / cost.workers)
            figures[f"{operation}, {count}"] = cost._asdict()
            print(
                f"| {operation} | {count} | {cost.rate:,.0f} | {cost.workers:.0f} | {cost.valkey:.0f} "
                f"| {served[-1]:,.0f} | {served[-1] / served[0]:.2f} |"
            )
    return figures
