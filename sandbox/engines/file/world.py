"""A world in memory, each change of which is in the file before it is answered."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

from sandbox.engines.file.worlds import Worlds
from sandbox.world.conversation import Record
from sandbox.world.errors import StorageFailed
from sandbox.world.journal import Counted, Entry
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rules import Rule, RuleCounters, Trial, UnboundRule
from sandbox.world.sandbox import Runtime, Sandbox
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState

_TRIM_INTERVAL = 64
"""The number of calls after which the file forgets those that are beyond the journal's bound."""


class KeptSandbox(Sandbox):
    """A sandbox that is kept in a file. Reads are those of a sandbox in memory.

    ``row`` is its row in the file and ``state_row`` that of ``state``. A write raises StorageFailed if the file cannot
    be written; it has changed nothing then.
    """

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
        # Writes hold it from the change in memory until it is in the file, so that both have the same order.
        self._turn = RLock()

    # What was kept

    def recall(self, entry: Entry) -> None:
        """Add a call of an earlier process to the journal."""
        self._journal.record(entry)

    def recount(self, counts: Mapping[Counted, int]) -> None:
        """Set the counters of the journal to those of an earlier process."""
        self._journal.recount(counts)

    def fill_snapshots(self, snapshots: Iterable[Snapshot[SandboxState]], taken: int) -> None:
        """Add the snapshots of an earlier process, which has taken so many in all."""
        self._snapshots.fill(snapshots, taken)

    # Conversations

    def create(self, generation: int, contact_id: str | None, group_id: str | None) -> Record:
        with self._writing():
            record = super().create(generation, contact_id, group_id)
            self._file.states.put(self._state_row, record)
            return record

    def create_once(
        self, generation: int, key: str, contact_id: str | None, group_id: str | None
    ) -> tuple[Record, bool]:
        with self._writing():
            before = self._idempotency_keys
            record, is_replay = super().create_once(generation, key, contact_id, group_id)
            if not is_replay:
                self._file.states.put(self._state_row, record)
                self._file.states.answer(self._state_row, key, before, self._idempotency_keys)
            return record, is_replay

    def update(self, generation: int, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        with self._writing():
            record = super().update(generation, conversation_id, changes)
            self._file.states.put(self._state_row, record)
            return record

    def put(
        self, generation: int, conversation_id: str, attributes: Mapping[str, Any]
    ) -> tuple[Record, bool]:
        with self._writing():
            record, is_new = super().put(generation, conversation_id, attributes)
            self._file.states.put(self._state_row, record)
            return record, is_new

    def delete(self, generation: int, conversation_id: str) -> None:
        with self._writing():
            deleted = self.get(conversation_id).conversation
            super().delete(generation, conversation_id)
            self._file.states.delete(self._state_row, deleted)

    # Time

    def freeze_clock(self, generation: int, at: float | None) -> None:
        with self._writing():
            super().freeze_clock(generation, at)

    def advance_clock(self, generation: int, seconds: float) -> None:
        with self._writing():
            super().advance_clock(generation, seconds)

    def resume_clock(self, generation: int) -> None:
        with self._writing():
            super().resume_clock(generation)

    # Rules, and the calls that they delay

    def add_rule(self, generation: int, unbound: UnboundRule, /) -> Rule:
        with self._writing():
            return super().add_rule(generation, unbound)

    def replace_rules(self, generation: int, unbound: Iterable[UnboundRule], /) -> None:
        with self._writing():
            super().replace_rules(generation, unbound)

    def change_rule(self, generation: int, rule_id: str, unbound: UnboundRule, /) -> Rule:
        with self._writing():
            return super().change_rule(generation, rule_id, unbound)

    def switch_rule(self, generation: int, rule_id: str, /, *, enabled: bool) -> Rule:
        with self._writing():
            return super().switch_rule(generation, rule_id, enabled=enabled)

    def order_rules(self, generation: int, rule_ids: Sequence[str], /) -> None:
        with self._writing():
            super().order_rules(generation, rule_ids)

    def remove_rule(self, generation: int, rule_id: str, /) -> None:
        with self._writing():
            super().remove_rule(generation, rule_id)

    def fire(self, generation: int, request: RequestInfo, server_rules: Collection[Rule]) -> Trial:
        if not self.rules and not server_rules:
            return super().fire(generation, request, server_rules)
        with self._writing():
            return super().fire(generation, request, server_rules)

    # The journal

    def record(self, generation: int, entry: Entry) -> None:
        with self._turn:
            is_of_journal = generation >= self._journal.since and not self._ended
            super().record(generation, entry)
            if is_of_journal:
                self._recorded += 1
                self._file.calls.add(self._row, entry, trims=self._recorded % _TRIM_INTERVAL == 0)

    def clear_journal(self, generation: int) -> None:
        with self._turn:
            self.check(generation)
            with self._file.database.transaction():
                self._file.calls.clear(self._row)
            super().clear_journal(generation)

    # The world as a whole. What cannot be undone in memory is done when it is in the file.

    def reset(self, state: SandboxState) -> None:
        with self._file.bases.holding(state.table) as base, self._turn:
            if self._ended:
                # A call in flight may go on with a world that was dropped, which is not in the file any more.
                super().reset(state)
                return
            with self._file.database.transaction():
                self._file.calls.clear(self._row)
                added = self._file.states.add(state, base)
                replaced = self._file.replace_state(self._row, added, self._state_row)
            self._state_row = added
            super().reset(state)
        self._file.bases.drop_unused(replaced)

    def load(self, generation: int, state: SandboxState) -> None:
        with self._file.bases.holding(state.table) as base, self._turn:
            self.check(generation)
            with self._file.database.transaction():
                added = self._file.states.add(state, base)
                replaced = self._file.replace_state(self._row, added, self._state_row)
            self._state_row = added
            super().load(generation, state)
        self._file.bases.drop_unused(replaced)

    def restore(self, snapshot_id: str) -> Snapshot[SandboxState]:
        with self._turn:
            self._snapshots.get(snapshot_id)
            if self._ended:
                return super().restore(snapshot_id)
            with self._file.database.transaction():
                copied = self._file.states.copy(self._file.snapshot_row(self._row, snapshot_id))
                replaced = self._file.replace_state(self._row, copied, self._state_row)
            self._state_row = copied
            snapshot = super().restore(snapshot_id)
        self._file.bases.drop_unused(replaced)
        return snapshot

    def end(self) -> None:
        with self._turn:
            if self._ended:
                return
            super().end()
            used = self._file.forget(self._row)
        # The fleet ends a world under its lock.
        for base in used:
            self._file.bases.drop_unused(base, pauses=False)

    def take_snapshot(self, generation: int) -> Snapshot[SandboxState]:
        with self._turn:
            snapshot = super().take_snapshot(generation)
            try:
                with self._file.database.transaction():
                    self._file.add_snapshot(self._row, snapshot, self._state_row, self._snapshots.taken)
            except StorageFailed:
                super().drop_snapshot(generation, snapshot.id)
                raise
            return snapshot

    def drop_snapshot(self, generation: int, snapshot_id: str) -> None:
        with self._turn:
            self.check(generation)
            self._snapshots.get(snapshot_id)
            with self._file.database.transaction():
                unused = self._file.drop_snapshot(self._row, snapshot_id)
            super().drop_snapshot(generation, snapshot_id)
        self._file.bases.drop_unused(unused)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write what the block changes in memory, or undo that if it cannot be written."""
        with self._turn:
            before = self._state()
            try:
                with self._file.database.transaction():
                    yield
                    after = self._state()
                    self._file.states.save(self._state_row, before, after)
                    changes = _changes_of_server_rules(before.counters, after.counters)
                    self._file.save_tallies(now.rule for _, now in changes)
            except StorageFailed:
                for then, now in _changes_of_server_rules(before.counters, self._state().counters):
                    if now.rule.tally is not None:
                        now.rule.tally.add(then.matched - now.matched, then.fired - now.fired)
                held = self._held_keys
                self._set_state(before)
                self._held_keys = held
                raise


def _changes_of_server_rules(
    before: Iterable[RuleCounters], after: Iterable[RuleCounters]
) -> Iterator[tuple[RuleCounters, RuleCounters]]:
    """Yield the counters of the server-wide rules that have counted between two states: those of before, and of after.

    Counters are values: those of a rule that has counted nothing are the same object.
    """
    counted = {each.rule.life: each for each in before}
    for now in after:
        then = counted.get(now.rule.life, RuleCounters(now.rule))
        if now.rule.tally is not None and then is not now:
            yield then, now
