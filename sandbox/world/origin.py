"""The origin of a state: the conversations of the scenario in which it began.

Most worlds differ from theirs in a few conversations only, so what is kept of a world names its origin and has what
differs.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from sandbox.world.pause import Pause, no_pause
from sandbox.world.table import Table


class Source(Protocol):
    """The conversations of a scenario, from which tables are made."""

    def digest(self, pause: Pause = no_pause) -> str:
        """Return 32 hexadecimal digits that name the content of :meth:`document`. Found once, which may take long."""
        ...

    def document(self) -> Iterator[bytes]:
        """Iterate over the lines of a document from which an equal source can be made. They end with no newline."""
        ...

    def table(self, at: int, pause: Pause = no_pause) -> Table:
        """Return the table of a sandbox that starts at ``at`` (Unix seconds). It has no deletions.

        States that start at the same second share one. If times do not depend on the start, all do.
        """
        ...


class Origin(NamedTuple):
    """The origin of a state: ``table`` is that of ``source`` for a start at ``at``.

    ``at`` is Unix seconds; 0 if the times of the source do not depend on the start.
    """

    source: Source
    at: int
    table: Table
