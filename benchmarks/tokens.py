"""What tokens cost: the first call of a new one, and the memory of ten thousand.

    python -m benchmarks.tokens

CPU microseconds of a retrieve through the whole application in process, by a new token each time and by one that is
known; then the memory that the process grew by with ten thousand tokens that made one call each. Last, how much
longer the scenario ``crowd`` takes to load than ``default``.
"""

import gc
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.calls import call, microseconds
from sandbox.app import create_app
from sandbox.seeding.scenario import load
from sandbox.settings import Settings

RETRIEVE = "/v1/conversations/xgQQXg3hrtjh7AvZ"
TOKENS = 10_000
PAGE_KILOBYTES = 4


def resident_megabytes() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KILOBYTES / 1024


def by_a_new_token(app: Any) -> Callable[[], object]:
    """A call that each time is a token's first."""
    numbers = count()
    return lambda: call(app, "GET", RETRIEVE, token=f"worker-{next(numbers)}")


def seconds_to_load(name: str) -> float:
    """How long a scenario takes from its file to a store that is ready to serve."""
    begun = perf_counter()
    load(name).start(0)
    return perf_counter() - begun


def main() -> None:
    """Measure, and print."""
    default, crowd = seconds_to_load("default"), seconds_to_load("crowd")
    app = create_app(Settings())
    new, known = by_a_new_token(app), partial(call, app, "GET", RETRIEVE)
    known()
    before = resident_megabytes()
    rounds = [(microseconds(new, TOKENS // 10), microseconds(known, TOKENS // 10)) for _ in range(10)]
    gc.collect()
    grown = resident_megabytes() - before
    first, again = median(each[0] for each in rounds), median(each[1] for each in rounds)
    print(
        f"first call of a token     {first:7.0f} µs of CPU, {first / again:.2f} of a known token's ({again:.0f} µs)"
    )
    print(f"{TOKENS:,} tokens, one call   {grown:7.1f} MB more than none")
    print(f"crowd loads in            {crowd:7.2f} s, default in {default:.3f} s")


if __name__ == "__main__":
    main()
