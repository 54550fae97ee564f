"""The cost of sandboxes in Valkey.

    python -m benchmarks.store                          all of it, about ten minutes
    python -m benchmarks.store calls workers            some parts: calls, workers, catch-up, sizes, kinds

Prints tables, and writes the figures to benchmarks/report/store.json, which benchmarks.store_simulation reads.
Needs wrk and a Valkey server.
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.store.calls import calls
from benchmarks.store.catch_up import catch_up
from benchmarks.store.kinds import kinds
from benchmarks.store.sizes import sizes
from benchmarks.store.workers import workers
from tests.valkey_server import ValkeyServer

RESULTS = Path(__file__).parents[1] / "report" / "store.json"


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--changes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="calls, workers, catch-up, sizes, kinds; all by default"
    )
    given = parser.parse_args()
    parts: dict[str, Callable[[ValkeyServer], dict[str, Any]]] = {
        "calls": lambda valkey: calls(valkey, given.rounds),
        "workers": lambda valkey: workers(valkey, given.rounds),
        "catch-up": lambda valkey: catch_up(valkey, tuple(given.changes)),
        "sizes": sizes,
        "kinds": kinds,
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in given.parts or parts:
        conditions = {
            "at": datetime.now(UTC).isoformat(timespec="minutes"),
            "load": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        }
        print(f"\n{name}: {conditions}")
        with tempfile.TemporaryDirectory() as folder:
            valkey = ValkeyServer(Path(folder))
            try:
                results[name] = conditions | {"figures": parts[name](valkey)}
            finally:
                valkey.end()
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
