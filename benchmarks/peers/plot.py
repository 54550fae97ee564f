"""The plot, drawn as SVG: a panel per figure with a bar per server."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.peers.content import OPERATIONS
from benchmarks.peers.figures import CPU, MEMORY_LOADED, START, THROUGHPUT, Figures, Kind
from benchmarks.peers.servers import FLOOR, OURS, TABLE

COLUMN, NAMES, BAR, GAP, TITLE, MARGIN = 470, 120, 16, 5, 30, 20
LONGEST = COLUMN - NAMES - 80
PANEL = TITLE + len(TABLE) * (BAR + GAP) + 14
COLOURS = {OURS: "#1f6feb", FLOOR: "#d0d7de"}
OTHERS = "#8c959f"

PANELS = (
    *((kind, operation) for operation in OPERATIONS for kind in (CPU, THROUGHPUT)),
    (START, ""),
    (MEMORY_LOADED, ""),
)


def plot(figures: Figures) -> str:
    """Return the plot with two columns of panels: CPU on the left, throughput on the right, and the rest below."""
    rows = (len(PANELS) + 1) // 2
    width, height = 2 * COLUMN + 3 * MARGIN, rows * PANEL + 2 * MARGIN
    drawn = [
        _panel(figures, kind, operation, MARGIN + at % 2 * (COLUMN + MARGIN), MARGIN + at // 2 * PANEL)
        for at, (kind, operation) in enumerate(PANELS)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#24292f">\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n{"".join(drawn)}</svg>\n'
    )


def _panel(figures: Figures, kind: Kind, operation: str, left: int, top: int) -> str:
    better = "more is better" if kind is THROUGHPUT else "less is better"
    title = f"{kind.title}{', ' + operation if operation else ''} ({kind.unit}; {better})"
    values = {name: figures.of(name, kind, operation) for name in TABLE}
    most = max((each for each in values.values() if each is not None), default=0.0)
    lines = [f'<text x="{left}" y="{top + 16}" font-weight="bold">{escape(title)}</text>']
    for at, (name, value) in enumerate(values.items()):
        lines += _bar(
            name, value, value / most if value and most else 0, left, top + TITLE + at * (BAR + GAP), kind
        )
    return "\n".join(lines) + "\n"


def _bar(name: str, value: float | None, part: float, left: int, top: int, kind: Kind) -> Sequence[str]:
    baseline = top + BAR - 4
    long = part * LONGEST
    said = "not measured" if value is None else f"{value:{kind.form}}"
    return (
        f'<text x="{left + NAMES - 8}" y="{baseline}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{left + NAMES}" y="{top}" width="{long:.1f}" height="{BAR}" fill="{COLOURS.get(name, OTHERS)}"/>',
        f'<text x="{left + NAMES + long + 5:.1f}" y="{baseline}">{said}</text>',
    )
