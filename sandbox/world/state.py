"""The state of a sandbox as a value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sandbox.world.idempotency import IdempotencyKeys
from sandbox.world.memory import COUNTERS_BYTES, PINNED_ID_BYTES
from sandbox.world.offload import Offload, run_here
from sandbox.world.origin import Origin
from sandbox.world.pulse import Story
from sandbox.world.release import Part
from sandbox.world.rules import Rule, RuleCounters
from sandbox.world.table import Table

_NO_KEYS = IdempotencyKeys()


@dataclass(frozen=True, slots=True)
class SandboxState:
    """Everything that a sandbox is at one moment: the value that starts, snapshots, exports and imports share.

    ``id_index`` ids were handed out. The clock stands at ``frozen_at`` (Unix seconds) or runs ``clock_offset``
    seconds ahead of the machine's. ``counters`` are those of its rules, and of server-wide ones, that have counted a
    call. ``idempotency_keys`` are those of the creates that were made. ``story`` is the place in the story of a sandbox
    with a pulse. ``origin`` says from which scenario the conversations come, if it is known: of two states that differ
    in it alone, neither is another one.
    """

    table: Table
    seed: int
    pinned_ids: tuple[str, ...] = ()
    frozen_at: float | None = None
    id_index: int = 0
    clock_offset: float = 0.0
    rules: tuple[Rule, ...] = ()
    counters: tuple[RuleCounters, ...] = ()
    idempotency_keys: IdempotencyKeys = _NO_KEYS
    story: Story | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def large_parts(self) -> list[Part]:
        """The parts that may take long to free, for :func:`~sandbox.world.release.release`."""
        return [*self._tables, self.idempotency_keys]

    @property
    def memory(self) -> int:
        """About how many bytes the state occupies in memory, what it shares with others included."""
        tables = sum(table.memory for table in self._tables)
        return tables + self.idempotency_keys.memory + self._memory_of_the_rest(set())

    def memory_besides(self, seen: set[int]) -> int:
        """Return about how many bytes the state occupies in memory, without the objects whose identity is in ``seen``.

        What is counted is added to ``seen``, so that what states share is counted once.
        """
        # The table first: what a create has made is usually in it, and counts as a part of it.
        size = sum(table.memory_besides(seen) for table in self._tables)
        size += self.idempotency_keys.memory_besides(seen)
        return size + self._memory_of_the_rest(seen)

    @property
    def _tables(self) -> list[Table]:
        """The table, and that of the origin if it is another one, which the state keeps in memory."""
        if self.origin is None or self.origin.table is self.table:
            return [self.table]
        return [self.table, self.origin.table]

    def _memory_of_the_rest(self, seen: set[int]) -> int:
        size = 0
        if id(self.pinned_ids) not in seen:
            seen.add(id(self.pinned_ids))
            size += len(self.pinned_ids) * PINNED_ID_BYTES
        for rule in self.rules:
            # A sandbox that takes a state makes rules of its own, with the same documents.
            if id(rule.document) not in seen:
                seen.add(id(rule.document))
                size += rule.size
        for counters in self.counters:
            if id(counters) not in seen:
                seen.add(id(counters))
                size += COUNTERS_BYTES
        return size


def fit_beside(
    states: Sequence[SandboxState], current: SandboxState, max_bytes: float, offload: Offload = run_here
) -> bool:
    """Return True if ``states`` occupy at most ``max_bytes`` of memory besides ``current``.

    What they share with it and with each other is found only if it matters, by ``offload``, as it takes long.
    """
    if sum(state.memory for state in states) <= max_bytes:
        return True
    return offload(partial(_fit_beside, states, current, max_bytes))


def _fit_beside(states: Sequence[SandboxState], current: SandboxState, max_bytes: float) -> bool:
    seen: set[int] = set()
    current.memory_besides(seen)
    size = 0
    for state in states:
        size += state.memory_besides(seen)
        if size > max_bytes:
            return False
    return True
