"""The goals of this server: most are ratios to the figures of other servers in the same run."""

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import NamedTuple

from benchmarks.peers.content import CREATE, LIST_50, OPERATIONS, READS, RETRIEVE
from benchmarks.peers.figures import CPU, MEMORY_LOADED, MEMORY_STARTED, START, THROUGHPUT, Figures, Kind
from benchmarks.peers.servers import FLOOR, OURS, json_server, mockoon, prism, wiremock

FASTER_THAN = (json_server.NAME, prism.NAME, mockoon.NAME, wiremock.NAME)
"""The servers that this one must exceed in requests per second."""

SIGNS: dict[Callable[[float, float], bool], str] = {le: "≤", lt: "<", ge: "≥", gt: ">"}


class Goal(NamedTuple):
    """A bound of the ratio of this server's figure to that of ``other`` (None: of the figure), for each operation."""

    kind: Kind
    other: str | None
    within: Callable[[float, float], bool]
    bound: float
    operations: tuple[str, ...] = ("",)

    @property
    def says(self) -> str:
        """The goal in words."""
        of = f" in {self.kind.unit}" if self.other is None else f" by {self.other}'s"
        return f"{self.kind.title}{of} {SIGNS[self.within]} {self.bound:g}"

    def ratios(self, figures: Figures) -> dict[str, float | None]:
        """Return the measured ratios (or figures) by operation."""
        if self.other is None:
            return {each: figures.of(OURS, self.kind, each) for each in self.operations}
        return {each: figures.ratio(OURS, self.other, self.kind, each) for each in self.operations}

    def verdict(self, figures: Figures) -> str:
        """Return ``reached``, ``not reached`` or ``not measured``."""
        ratios = self.ratios(figures).values()
        if any(each is None for each in ratios):
            return "not measured"
        reached = all(self.within(each, self.bound) for each in ratios if each is not None)
        return "reached" if reached else "not reached"


GOALS = (
    Goal(CPU, json_server.NAME, le, 0.3, READS),
    Goal(CPU, prism.NAME, le, 0.35, READS),
    Goal(CPU, mockoon.NAME, le, 0.12, READS),
    Goal(CPU, wiremock.NAME, le, 0.6, READS),
    Goal(CPU, None, le, 100, (CREATE,)),
    *(Goal(THROUGHPUT, peer, gt, 1, OPERATIONS) for peer in FASTER_THAN),
    Goal(THROUGHPUT, FLOOR, ge, 0.6, (RETRIEVE, LIST_50)),
    Goal(START, json_server.NAME, le, 1),
    Goal(MEMORY_STARTED, json_server.NAME, lt, 0.55),
    Goal(MEMORY_LOADED, json_server.NAME, lt, 0.6),
)
