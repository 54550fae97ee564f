"""A world in memory, each change of which is in the file before it is answered."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from sandbox.engines.file.worlds import Worlds
from sandbox.world import changes
from sandbox.world.changes import Change
from sandbox.world.journal import Counted, Entry
from sandbox.world.rules import RuleCounters
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState

T = TypeVar("T")

_TRIM_INTERVAL = 64
"""The number of calls after which the file forgets those that are beyond the journal's bound."""


class KeptSandbox(Sandbox):
    """A sandbox that is kept in a file. Reads are those of a sandbox in memory.

    ``row`` is its row in the file and ``state_row`` that of ``state``. A write raises StorageFailed if the file cannot
    be written; it has changed nothing then.
    """

    __slots__ = ("_file", "_recorded", "_row", "_state_row", "_unused")

    def __init__(  # those of a sandbox, and where it is kept
        self,
        state: SandboxState,
        runtime: Runtime,
        key: str,
        file: Worlds,
        row: int,
        state_row: int,
    ) -> None:
        super().__init__(state, runtime, key)
        self._file = file
        self._row = row
        self._state_row = state_row
        self._recorded = 0
        # Bases that the last write may have left without a user.
        self._unused: list[int] = []

    # What was kept

    def recall(self, entry: Entry) -> None:
        """Add a call of an earlier process to the journal."""
        self._journal.record(entry)

    def recount(self, counts: Mapping[Counted, int]) -> None:
        """Set the counters of the journal to those of an earlier process."""
        self._journal.recount(counts)

    def fill_snapshots(self, snapshots: Iterable[Snapshot[SandboxState]], taken: int) -> None:
        """Add the snapshots of an earlier process, which has taken so many in all."""
        self._contents.snapshots.fill(snapshots, taken)

    # The journal

    def record(self, generation: int, entry: Entry) -> None:
        with self._lock:
            is_of_journal = generation >= self._journal.since and not self._ended
            super().record(generation, entry)
            if is_of_journal:
                self._recorded += 1
                self._file.calls.add(self._row, entry, trims=self._recorded % _TRIM_INTERVAL == 0)

    def clear_journal(self, generation: int) -> None:
        with self._lock:
            self.check(generation)
            with self._file.database.transaction():
                self._file.calls.clear(self._row)
            self._journal.clear()

    # The world as a whole. A table that is new in the file is written with pauses, before others wait for the change.

    def reset(self, state: SandboxState) -> None:
        with self._file.bases.holding(state.table):
            super().reset(state)

    def load(self, generation: int, state: SandboxState) -> None:
        with self._file.bases.holding(state.table):
            super().load(generation, state)

    def end(self) -> None:
        if self._ended:
            return
        super().end()
        # The fleet ends a world under its lock.
        for base in self._file.forget(self._row):
            self._file.bases.drop_unused(base, pauses=False)

    def _write(self, generation: int | None, decide: Callable[[], tuple[Change | None, T]]) -> T:
        try:
            return super()._write(generation, decide)
        finally:
            while self._unused:
                self._file.bases.drop_unused(self._unused.pop())

    def _apply(self, change: Change) -> None:
        # A call in flight may go on with a world that was dropped, which is not in the file any more.
        if not self._ended:
            with self._file.database.transaction():
                state_row = self._keep(change)
            self._state_row = state_row
        super()._apply(change)

    def _keep(self, change: Change) -> int:  # noqa: C901, PLR0912  # one case for each kind of change
        """Write a change, and return the row of the state behind it."""
        file, states, row = self._file, self._file.states, self._state_row
        match change:
            case changes.Created(record, index, answer):
                states.put(row, record)
                states.set_id_index(row, index)
                if answer is not None:
                    states.answer(row, answer, self._contents.idempotency_keys.forgotten(answer.at))
            case changes.Written(record):
                states.put(row, record)
            case changes.Deleted(record):
                states.delete(row, record.conversation)
            case changes.Lived(records, story):
                for record in records:
                    states.put(row, record)
                states.set_story(row, story)
            case changes.ClockSet(clock):
                states.set_clock(row, clock)
            case changes.RulesSet(rules):
                states.set_rules(row, replace(self._contents.state(), rules=rules))
            case changes.CallCounted(counters):
                states.set_rules(row, self._counted(counters))
                file.save_tallies(self._tallies(counters))
            case changes.GenerationBegun(state, clears_journal):
                if clears_journal:
                    file.calls.clear(self._row)
                with file.bases.holding(state.table, pauses=False) as base:
                    return self._replace_state(states.add(state, base))
            case changes.SnapshotRestored(snapshot_id):
                return self._replace_state(states.copy(file.snapshot_row(self._row, snapshot_id)))
            case changes.SnapshotTaken(at):
                contents = self._contents
                snapshot = contents.snapshots.next(at, contents.state())
                file.add_snapshot(self._row, snapshot, row, contents.snapshots.taken + 1)
            case changes.SnapshotDropped(snapshot_id):
                self._unused.append(file.drop_snapshot(self._row, snapshot_id))
            case changes.KeyHeld() | changes.KeyReleased():
                # The delayed calls end with the process.
                pass
        return row

    def _replace_state(self, row: int) -> int:
        self._unused.append(self._file.replace_state(self._row, row, self._state_row))
        return row

    def _counted(self, counters: Iterable[RuleCounters]) -> SandboxState:
        """Return the state in which ``counters`` are counted."""
        state = self._contents.state()
        by_life = {each.rule.life: each for each in (*state.counters, *counters)}
        return replace(state, counters=tuple(by_life.values()))

    def _tallies(self, counters: Iterable[RuleCounters]) -> Iterator[tuple[str, int, int]]:
        for after in counters:
            tally, before = after.rule.tally, self._contents.book.counters(after.rule)
            if tally is not None:
                matched, fired = after.matched - before.matched, after.fired - before.fired
                yield after.rule.id, tally.matched + matched, tally.fired + fired
