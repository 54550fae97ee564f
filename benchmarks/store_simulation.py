"""The needs of a hundred workers and ten million worlds, from what one machine has measured.

    python -m benchmarks.store_simulation

Reads benchmarks/report/store.json, which benchmarks.store writes. Three simulations with a fixed seed: the copies of a
worker, the writers of one world, and from both the load at which a Valkey process has no time left.
"""

import json
from collections import OrderedDict
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks.store.writers import hot_world

RESULTS = Path(__file__).with_name("report") / "store.json"
SEED = 20261128
WORKERS = 100
WORLDS = 10_000_000
COPIES = 20_000
"""The copies of a worker: the default of --max-sandboxes."""
RATES = (10_000, 100_000, 1_000_000)
SHARDS = (1, 3, 10)
BUSY = 0.7
"""The part of its time that a server may be busy before calls wait for each other for long."""
KEPT_SECONDS = 10.0
"""The time after which the first call of a worker prolongs the keys of a world again."""
WRITES = 0.1
"""The part of the calls that writes."""
RULES_MICROSECONDS = 1.0
"""µs of Valkey's CPU for the HGET of the server-wide rules in a pipeline of 100 (2026-11-28, median of five)."""
MESSAGE_MICROSECONDS = 1.3
"""µs of CPU for a message of 600 bytes to another shard, and as many there (2026-11-28, median of four)."""
TRIP = 0.0005
"""Seconds from a worker to Valkey and back, on other machines of the same place: an assumption."""


class Copies(NamedTuple):
    """The parts of the calls that load a copy, and that prolong the keys of their world."""

    cold: float
    kept: float


def copies(rate: float, worlds: int, capacity: int, calls: int, seed: int = SEED) -> Copies:
    """Simulate the copies of one worker, which gets ``rate`` calls per second in ``worlds`` worlds.

    The popularity of worlds follows Zipf's law with the exponent 1. The first half of the calls fills the copies.
    """
    random = Random(seed)  # noqa: S311  # a simulation
    kept_at: OrderedDict[int, float] = OrderedDict()
    cold = kept = 0
    for number in range(calls):
        counts = number >= calls // 2
        now = number / rate
        # The distribution function of Zipf's law with exponent 1 is about ln(rank) / ln(worlds).
        world = int(worlds ** random.random())
        at = kept_at.pop(world, None)
        if at is None:
            cold += counts
            at = now
        elif now - at >= KEPT_SECONDS:
            kept += counts
            at = now
        kept_at[world] = at
        if len(kept_at) > capacity:
            kept_at.popitem(last=False)
    return Copies(cold / (calls - calls // 2), kept / (calls - calls // 2))


class Needs(NamedTuple):
    """The needs of all calls of a second: trips, bytes, and the part of its time that a process is busy."""

    trips: float
    megabytes: float
    worker: float
    shard: float
    shared: float


def needs(
    rate: float, shards: int, part: Copies, figures: dict[str, Any], *, asks_first: bool = True
) -> Needs:
    """Return what ``rate`` calls per second need. ``shard`` has worlds; ``shared`` has what is not divided, too.

    Undivided are the rules, for which each call asks, and the messages of calls, which a cluster sends to all shards.
    Calls that ask for changes first (``asks_first``) take a trip more.
    """
    of_kind, of_call = figures["kinds"]["figures"], figures["calls"]["figures"]
    read, write = (of_call[f"{name}, 64, 64"]["store"] for name in ("retrieve", "create"))
    usual = of_kind["retrieve"]
    calls = (1 - WRITES) * read["valkey"] + WRITES * write["valkey"]
    cold = part.cold * max(of_kind["a cold copy"]["valkey"] - usual["valkey"], 0)
    kept = part.kept * max(of_kind["kept"]["valkey"] - usual["valkey"], 0)
    # A shard sends the messages of its worlds to all others, and gets theirs.
    messages = 2 * MESSAGE_MICROSECONDS * (shards - 1)
    shard = rate * (calls + cold + kept + messages) / shards / 1e6
    rules = rate * RULES_MICROSECONDS / 1e6 if shards > 1 else 0.0
    workers = (1 - WRITES) * read["workers"] + WRITES * write["workers"]
    workers += part.cold * max(of_kind["a cold copy"]["worker"] - usual["worker"], 0)
    size = sum(
        share * (kind["bytes_in"] + kind["bytes_out"])
        for share, kind in (
            (1 - WRITES - part.cold, usual),
            (part.cold, of_kind["a cold copy"]),
            (WRITES, of_kind["create"]),
        )
    )
    return Needs(
        rate * (1 + WRITES + asks_first + part.cold + part.kept),
        rate * size / 1e6,
        rate * workers / 1e6 / WORKERS,
        shard,
        shard + rules,
    )


def _print_needs(results: dict[str, Any]) -> None:
    print(
        "| calls/s | balanced | shards | copies loaded | kept | trips/s | MB/s | a worker | a shard ", end=""
    )
    print("| with the rules | calls/s at which it is busy for 70% |\n" + "|---:|---" + "|---:" * 9 + "|")
    for rate in RATES:
        for name, worlds in (("at random", WORLDS), ("by token", WORLDS // WORKERS)):
            part = copies(rate / WORKERS, worlds, COPIES, 200_000)
            for shards in SHARDS:
                # Of a world whose calls are spread over a hundred workers, each copy nearly always misses something.
                asks_first = shards > 1 or worlds == WORLDS
                each = needs(rate, shards, part, results, asks_first=asks_first)
                print(
                    f"| {rate:,} | {name} | {shards} | {part.cold:.0%} | {part.kept:.0%} | {each.trips:,.0f} "
                    f"| {each.megabytes:,.0f} | {each.worker:.0%} | {each.shard:.0%} | {each.shared:.0%} "
                    f"| {rate * BUSY / each.shared:,.0f} |"
                )


def _print_hot_worlds(create: dict[str, float]) -> None:
    print("\n| writes/s to one world | workers | attempts of each | median, ms | 99 of 100, ms |")
    print("|---:|---:|---:|---:|---:|")
    for rate in (50, 200, 500, 1_000):
        for workers in (1, 2, 10, 100):
            # A create has three commands: it follows, appends, and records the call.
            hot = hot_world(workers, rate, 3_000, create["workers"] / 1e6, create["valkey"] / 3e6, TRIP, SEED)
            print(f"| {rate:,} | {workers} | {hot.attempts:.2f} | {hot.median:.1f} | {hot.slow:.1f} |")


def _print_memory(results: dict[str, Any]) -> None:
    sizes, kinds = results["sizes"]["figures"], results["kinds"]["figures"]
    print(f"\n| {WORLDS:,} worlds | GB |\n|---|---:|")
    for name, size in (
        ("in Valkey, after a call each", sizes["memory of Valkey"]),
        ("of these the set of all ids, which is in one shard", kinds["used"]),
        ("in Valkey, after ten creates each", sizes["after 10 creates"]),
        ("in Valkey, with journals of 1,000 calls", sizes["with a journal of 1,000 calls"]),
        ("copies, if each is in one worker", sizes["copies of a worker"]),
    ):
        print(f"| {name} | {size * WORLDS / 1e9:,.1f} |")
    print(f"\n{COPIES:,} copies of a worker: {sizes['copies of a worker'] * COPIES / 1e6:.0f} MB.")


def main() -> None:
    """Simulate, and print tables."""
    results = json.loads(RESULTS.read_text())
    _print_needs(results)
    _print_hot_worlds(results["calls"]["figures"]["create, 64, 64"]["store"])
    _print_memory(results)


if __name__ == "__main__":
    main()
