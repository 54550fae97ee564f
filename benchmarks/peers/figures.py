"""Measured figures by server, kind and operation, with one sample per round."""

from collections import defaultdict
from statistics import median
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of figure: its title, its unit, and its format specification."""

    title: str
    unit: str
    form: str


THROUGHPUT = Kind("Requests per second", "1/s", ",.0f")
MEDIAN = Kind("Median latency", "ms", ".2f")
P99 = Kind("99th percentile of latency", "ms", ".2f")
CPU = Kind("Server CPU per request", "µs", ",.0f")
START = Kind("Start-up until the first 200", "s", ".2f")
MEMORY_STARTED = Kind("Memory when started", "MiB", ",.0f")
MEMORY_LOADED = Kind("Memory after the reads", "MiB", ",.0f")

BY_OPERATION = (THROUGHPUT, MEDIAN, P99, CPU)
ONCE = (START, MEMORY_STARTED, MEMORY_LOADED)


class Figures:
    """All samples. A figure is the median of its samples."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, Kind, str], list[float]] = defaultdict(list)

    def add(self, server: str, kind: Kind, value: float, operation: str = "") -> None:
        """Add a sample."""
        self._samples[server, kind, operation].append(value)

    def of(self, server: str, kind: Kind, operation: str = "") -> float | None:
        """Return the median, or None if nothing was measured."""
        samples = self._samples.get((server, kind, operation))
        return median(samples) if samples else None

    def span(self, server: str, kind: Kind, operation: str = "") -> tuple[float, float]:
        """Return the minimum and the maximum of the samples."""
        samples = self._samples[server, kind, operation]
        return min(samples), max(samples)

    def ratio(self, server: str, other: str, kind: Kind, operation: str = "") -> float | None:
        """Return the figure of ``server`` divided by that of ``other``, or None if either was not measured."""
        mine, theirs = self.of(server, kind, operation), self.of(other, kind, operation)
        return mine / theirs if mine is not None and theirs else None
