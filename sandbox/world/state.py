"""The state of a sandbox as a value."""

from dataclasses import dataclass

from sandbox.world.rules import Rule, RuleCounters
from sandbox.world.table import Table


@dataclass(frozen=True, slots=True)
class SandboxState:
    """Everything that a sandbox is at one moment: the value that starts, snapshots, exports and imports share.

    ``id_index`` ids were handed out. The clock stands at ``frozen_at`` (Unix seconds) or runs ``clock_offset``
    seconds ahead of the machine's. ``counters`` are those of its rules, and of server-wide ones, that have counted a
    call.
    """

    table: Table
    seed: int
    pinned_ids: tuple[str, ...] = ()
    frozen_at: float | None = None
    id_index: int = 0
    clock_offset: float = 0.0
    rules: tuple[Rule, ...] = ()
    counters: tuple[RuleCounters, ...] = ()
