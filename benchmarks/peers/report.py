"""The report: tables of the measured figures."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from benchmarks.peers.contender import Contender, Missing
from benchmarks.peers.content import OPERATIONS
from benchmarks.peers.figures import BY_OPERATION, ONCE, Figures, Kind
from benchmarks.peers.goals import GOALS
from benchmarks.peers.load import CONNECTIONS
from benchmarks.peers.servers import OURS

HEAD = """# Beside what people would pick instead

Written by `python -m benchmarks.peers`; [benchmarks/README.md](../README.md) says how to repeat it and what it means.

![CPU and throughput of each server](report.svg)
"""


class Run(NamedTuple):
    """The conditions of a run."""

    started: str
    took: float
    load_average: float
    generator: str
    rounds: int
    starts: int
    seconds: int
    warmup: int


def report(run: Run, servers: Sequence[Contender | Missing], figures: Figures) -> str:
    """Return the report as Markdown."""
    names = [each.name for each in servers]
    parts = [HEAD, goals(figures), *(_by_operation(kind, names, figures) for kind in BY_OPERATION)]
    return "\n".join([*parts, _once(names, figures), _servers(servers), _how(run)])


def goals(figures: Figures) -> str:
    """Return a table of the goals, their ratios and their verdicts."""
    rows = []
    for goal in GOALS:
        ratios = goal.ratios(figures)
        cells = [_ratio(ratios.get(each)) if each in ratios else "" for each in OPERATIONS]
        whole = _ratio(ratios[""]) if "" in ratios else ""
        rows.append([goal.says, *cells, whole, f"**{goal.verdict(figures)}**"])
    title = f"## {OURS} against its goals\n\nRatios of the medians below, or the medians themselves.\n"
    return f"{title}\n{_table(['goal', *OPERATIONS, 'as a whole', ''], rows)}"


def _by_operation(kind: Kind, names: Iterable[str], figures: Figures) -> str:
    rows = [[name, *(_cell(figures, name, kind, each) for each in OPERATIONS)] for name in names]
    return f"## {kind.title} ({kind.unit})\n\n{_table(['', *OPERATIONS], rows)}"


def _once(names: Iterable[str], figures: Figures) -> str:
    rows = [[name, *(_cell(figures, name, kind) for kind in ONCE)] for name in names]
    return (
        f"## Start-up and memory\n\n{_table(['', *(f'{each.title} ({each.unit})' for each in ONCE)], rows)}"
    )


def _servers(servers: Sequence[Contender | Missing]) -> str:
    rows = []
    for each in servers:
        if isinstance(each, Missing):
            rows.append([each.name, f"**missing**: {each.reason}", "", ""])
        else:
            rows.append([each.name, each.version, f"`{each.how}`", each.content])
    return f"## The servers\n\n{_table(['', 'version', 'run as', 'content'], rows, align='---')}"


def _how(run: Run) -> str:
    cores = os.cpu_count() or 0
    busy = f"load average of the machine at the beginning {run.load_average:.2f}"
    python = (
        f"Python {platform.python_version()}, gunicorn {_version('gunicorn')}, gevent {_version('gevent')}"
    )
    each = f"{run.warmup} s of each read unmeasured, {run.seconds} s of each measured, then the same with creates"
    facts = (
        f"{run.started}, {run.took / 60:.0f} minutes",
        f"{busy}; the busier it was with other things, the less these figures say",
        f"{cores} cores, {_processor()}, Linux {platform.release().partition('-')[0]}",
        f"{python}, httptools {_version('httptools')}",
        f"Node {_said('node', '--version')}, Java {_said('java', '-version')}, Go {_said('go', 'version')}",
        f"load from {run.generator}, on {CONNECTIONS} connections that stay open",
        f"{run.starts} starts of each server, in turn; then {run.rounds} rounds of all servers in turn",
        f"in a round each is started afresh and alone: {each}",
        "medians (least to most); CPU and memory (proportional set size) are of the whole process tree",
    )
    return "## How it was measured\n\n" + "".join(f"- {fact}\n" for fact in facts)


def _cell(figures: Figures, server: str, kind: Kind, operation: str = "") -> str:
    value = figures.of(server, kind, operation)
    if value is None:
        return "not measured"
    least, most = figures.span(server, kind, operation)
    return f"{value:{kind.form}} ({least:{kind.form}} to {most:{kind.form}})"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str = "---:") -> str:
    lines = [head, ["---", *(align for _ in head[1:])], *rows]
    return "".join(f"| {' | '.join(each)} |\n" for each in lines)


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _said(program: str, flag: str) -> str:
    path = shutil.which(program)
    if path is None:
        return "not installed"
    said = subprocess.run([path, flag], capture_output=True, text=True, check=False)  # noqa: S603  # found on the path
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return found[0] if found else "of an unknown version"
