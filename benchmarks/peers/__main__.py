"""Comparison of this server with what people would pick instead, and with the floor.

    npm install --prefix benchmarks/peers            installs the peers, once
    npm run --prefix benchmarks/peers mockserver     so does this: it needs Maven
    npm run --prefix benchmarks/peers stripe-mock    and this: it needs Go
    python -m benchmarks.peers                       takes about twelve minutes; writes benchmarks/report/

The report names servers that are not installed as missing.
"""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from benchmarks.peers.contender import INSTALLED, ROOT, Contender, Missing
from benchmarks.peers.content import CREATE, READS, content
from benchmarks.peers.figures import (
    CPU,
    MEDIAN,
    MEMORY_LOADED,
    MEMORY_STARTED,
    P99,
    START,
    THROUGHPUT,
    Figures,
)
from benchmarks.peers.load import Generator, generator
from benchmarks.peers.plot import plot
from benchmarks.peers.report import Run, goals, report
from benchmarks.peers.running import check, started
from benchmarks.peers.servers import contenders
from benchmarks.server import Running

LONGEST = 60
"""The maximum of rounds, starts and seconds, which bounds the duration of a run."""


def measure_starts(present: list[Contender], times: int, figures: Figures) -> None:
    """Start each server ``times`` times in turn, after one start that is not measured and caches its files."""
    for at in range(times + 1):
        for contender in present:
            with started(contender) as (server, seconds):
                if at == 0:
                    check(contender, server.port)
                    continue
                figures.add(contender.name, START, seconds)
                figures.add(contender.name, MEMORY_STARTED, server.resident_kilobytes() / 1024)
        print(f"starts: {at} of {times}", flush=True)


def measure_round(
    contender: Contender, make: Generator, seconds: float, warmup: float, figures: Figures
) -> None:
    """Measure all operations on a new server. Creates are last, because they change the lists."""
    with started(contender) as (server, _):
        for operations in (READS, (CREATE,)):
            for operation in operations:
                make(contender.calls[operation], server.port, warmup)
            for operation in operations:
                measure_load(contender, server, operation, make, seconds, figures)
            if operations == READS:
                figures.add(contender.name, MEMORY_LOADED, server.resident_kilobytes() / 1024)


def measure_load(
    contender: Contender, server: Running, operation: str, make: Generator, seconds: float, figures: Figures
) -> None:
    """Measure one operation under load."""
    before = server.cpu_seconds()
    load = make(contender.calls[operation], server.port, seconds)
    cpu = (server.cpu_seconds() - before) / max(1, load.requests) * 1e6
    if load.failed or not load.requests:
        raise RuntimeError(f"{contender.name}, {operation}: {load.failed} of {load.requests} requests failed")
    for kind, value in (
        (THROUGHPUT, load.requests / load.seconds),
        (MEDIAN, load.median),
        (P99, load.p99),
        (CPU, cpu),
    ):
        figures.add(contender.name, kind, value, operation)
    rate = load.requests / load.seconds
    print(f"  {contender.name:16} {operation:10} {rate:9,.0f}/s {cpu:7,.0f} µs of CPU", flush=True)


def main() -> None:
    """Measure, write the report, and print the ratios of the goals."""
    arguments = parsed()
    servers = contenders(content(), arguments.installed)
    present = [each for each in servers if isinstance(each, Contender)]
    for each in servers:
        if isinstance(each, Missing):
            print(f"missing: {each.name}, for {each.reason}")
    named, make = generator()
    figures, begun = Figures(), perf_counter()
    at, busy = datetime.now(UTC), os.getloadavg()[0]
    measure_starts(present, arguments.starts, figures)
    for each_round in range(arguments.rounds):
        print(f"round {each_round + 1} of {arguments.rounds}", flush=True)
        # Each round begins with another server, so that no server is always measured after the same one.
        first = each_round % len(present)
        for contender in [*present[first:], *present[:first]]:
            measure_round(contender, make, arguments.seconds, arguments.warmup, figures)
    run = Run(
        f"{at:%Y-%m-%d %H:%M} UTC",
        perf_counter() - begun,
        busy,
        named,
        arguments.rounds,
        arguments.starts,
        arguments.seconds,
        arguments.warmup,
    )
    arguments.report.mkdir(parents=True, exist_ok=True)
    (arguments.report / "report.md").write_text(report(run, servers, figures))
    (arguments.report / "report.svg").write_text(plot(figures))
    print(f"\n{goals(figures)}\nwritten: report.md and report.svg in {arguments.report}")


def parsed() -> argparse.Namespace:
    """Return the parsed arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default, help_ in (
        ("--rounds", 3, "in which every server is measured in turn"),
        ("--starts", 5, "of each server"),
        ("--seconds", 3, "that each operation is measured in a round"),
        ("--warmup", 2, "seconds of each operation before that"),
    ):
        bound = range(1, LONGEST + 1)
        parser.add_argument(name, type=int, choices=bound, default=default, metavar="N", help=help_)
    parser.add_argument(
        "--installed", type=Path, default=INSTALLED, help="folder that the peers are installed in"
    )
    parser.add_argument("--report", type=Path, default=ROOT / "benchmarks/report", help="folder to write to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
