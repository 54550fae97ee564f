"""The sandbox: the isolated world of one bearer token, in memory."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from sandbox.world import changes
from sandbox.world.changes import Change, Created, GenerationBegun
from sandbox.world.clock import ClockState
from sandbox.world.contents import Contents
from sandbox.world.conversation import Record, require_participant
from sandbox.world.errors import KeyInUse, SandboxReset
from sandbox.world.idempotency import StoredAnswer
from sandbox.world.journal import Entry, Journal, Key
from sandbox.world.paging import Page, Query
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rules import Rule, RuleCounters, Trial, UnboundRule
from sandbox.world.runtime import Runtime
from sandbox.world.sleepers import Sleepers
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState

T = TypeVar("T")

_ENDING_CALLS = frozenset({changes.RulesSet, changes.GenerationBegun, changes.SnapshotRestored})
"""The changes after which sleeping calls may have to be woken."""


_LATE_SECONDS = 10.0
"""The time by which a delayed call may be late before its idempotency key is free."""


class Sandbox:
    """A world in the memory of this process.

    ``key`` names the sandbox in the draws of its rules: the token. The methods are described in
    :class:`~sandbox.world.interface.World`. Each write decides on a change, which :meth:`_write` makes: an engine that
    also keeps changes elsewhere has another one.
    """

    __slots__ = ("_contents", "_ended", "_journal", "_key", "_lock", "_runtime", "_sleepers")

    def __init__(self, state: SandboxState, runtime: Runtime, key: str = "", generation: int = 1) -> None:
        self._runtime = runtime
        self._key = key
        # Writes hold it, and so does what begins a new generation: no write lands between the check and the change.
        self._lock = Lock()
        self._ended = False
        self._contents = Contents(self._begun(state), runtime, key, generation)
        self._sleepers = Sleepers(generation, runtime.wait, runtime.new_event, runtime.rule_sleepers)
        self._begin_journal()

    @property
    def generation(self) -> int:
        return self._contents.generation

    def check(self, generation: int) -> None:
        if self._ended or generation != self._contents.generation:
            raise SandboxReset

    def current(self, generation: int) -> int:
        return self._contents.generation

    def validate(self, generation: int) -> None:
        """Do nothing: the world is here, so no call can miss a change."""

    # Conversations

    def get(self, conversation_id: str) -> Record:
        return self._contents.store.table.get(conversation_id)

    def page(self, query: Query) -> Page:
        return self._contents.store.table.page(query)

    @property
    def size(self) -> int:
        return len(self._contents.store.table)

    def create(self, generation: int, contact_id: str | None, group_id: str | None) -> Record:
        def decide() -> tuple[Change, Record]:
            contents = self._contents
            record, index = contents.store.created(
                contents.ids, contact_id, group_id, contents.clock.seconds()
            )
            return Created(record, index), record

        return self._write(generation, decide)

    def create_once(
        self, generation: int, key: str, contact_id: str | None, group_id: str | None
    ) -> tuple[Record, bool]:
        # An invalid create is invalid whatever its key.
        require_participant(contact_id, group_id)

        def decide() -> tuple[Change | None, tuple[Record, bool]]:
            contents = self._contents
            now = contents.clock.time()
            replayed = contents.idempotency_keys.replay(key, contact_id, group_id, now)
            if replayed is not None:
                return None, (replayed, True)
            if contents.is_held(key):
                raise KeyInUse(key)
            contents.idempotency_keys.with_room(self._runtime.bounds.idempotency_keys, now)
            record, index = contents.store.created(contents.ids, contact_id, group_id, int(now))
            return Created(record, index, StoredAnswer(key, record, now)), (record, False)

        return self._write(generation, decide)

    def hold_key(self, generation: int, key: str, seconds: float) -> bool:
        def decide() -> tuple[Change | None, bool]:
            contents = self._contents
            if contents.idempotency_keys.find(key, contents.clock.time()) is not None:
                return None, False
            if contents.is_held(key):
                raise KeyInUse(key)
            now = self._runtime.now()
            return changes.KeyHeld(key, now, now + seconds + _LATE_SECONDS), True

        return self._write(generation, decide)

    def release_key(self, generation: int, key: str) -> None:
        def decide() -> tuple[Change | None, None]:
            return changes.KeyReleased(key) if generation == self.generation else None, None

        self._write(None, decide)

    def update(self, generation: int, conversation_id: str, attributes: Mapping[str, Any]) -> Record:
        def decide() -> tuple[Change, Record]:
            record = self._contents.store.updated(conversation_id, attributes)
            return changes.Written(record), record

        return self._write(generation, decide)

    def put(
        self, generation: int, conversation_id: str, attributes: Mapping[str, Any]
    ) -> tuple[Record, bool]:
        def decide() -> tuple[Change, tuple[Record, bool]]:
            contents = self._contents
            arranged = contents.store.arranged(conversation_id, attributes, contents.clock.seconds())
            return changes.Written(arranged[0]), arranged

        return self._write(generation, decide)

    def delete(self, generation: int, conversation_id: str) -> None:
        self._write(generation, lambda: (changes.Deleted(self.get(conversation_id)), None))

    # Time

    def time(self) -> float:
        return self._contents.clock.time()

    @property
    def clock_state(self) -> ClockState:
        return self._contents.clock.state

    def freeze_clock(self, generation: int, at: float | None) -> None:
        self._write(generation, lambda: (changes.ClockSet(self._contents.clock.frozen(at)), None))

    def advance_clock(self, generation: int, seconds: float) -> None:
        self._write(generation, lambda: (changes.ClockSet(self._contents.clock.advanced(seconds)), None))

    def resume_clock(self, generation: int) -> None:
        self._write(generation, lambda: (changes.ClockSet(self._contents.clock.resumed()), None))

    # Rules, and the calls that they delay

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._contents.book.rules

    def get_rule(self, rule_id: str) -> Rule:
        return self._contents.book.get(rule_id)

    def add_rule(self, generation: int, unbound: UnboundRule, /) -> Rule:
        def decide() -> tuple[Change, Rule]:
            rules = self._contents.book.with_added(unbound, self.time())
            return changes.RulesSet(rules), rules[-1]

        return self._write(generation, decide)

    def replace_rules(self, generation: int, unbound: Iterable[UnboundRule], /) -> None:
        replacing = tuple(unbound)

        def decide() -> tuple[Change, None]:
            return changes.RulesSet(self._contents.book.with_replaced(replacing, self.time())), None

        self._write(generation, decide)

    def change_rule(self, generation: int, rule_id: str, unbound: UnboundRule, /) -> Rule:
        def decide() -> tuple[Change, Rule]:
            rules, changed = self._contents.book.with_changed(rule_id, unbound, self.time())
            return changes.RulesSet(rules), changed

        return self._write(generation, decide)

    def switch_rule(self, generation: int, rule_id: str, /, *, enabled: bool) -> Rule:
        def decide() -> tuple[Change, Rule]:
            rules, switched = self._contents.book.with_switched(rule_id, enabled=enabled)
            return changes.RulesSet(rules), switched

        return self._write(generation, decide)

    def order_rules(self, generation: int, rule_ids: Sequence[str], /) -> None:
        self._write(generation, lambda: (changes.RulesSet(self._contents.book.with_order(rule_ids)), None))

    def remove_rule(self, generation: int, rule_id: str, /) -> None:
        self._write(generation, lambda: (changes.RulesSet(self._contents.book.without(rule_id)), None))

    def counters(self, rule: Rule, /) -> RuleCounters:
        return self._contents.book.counters(rule)

    def fire(self, generation: int, request: RequestInfo, server_rules: Collection[Rule]) -> Trial:
        def decide() -> tuple[Change | None, Trial]:
            contents = self._contents
            trial, counted = contents.book.try_all(request, contents.clock, server_rules)
            contents.book.forget_ended(len(contents.book.rules) + len(server_rules))
            return changes.CallCounted(counted) if counted else None, trial

        return self._write(generation, decide)

    def draw(self, kind: str, rule_id: str, match_number: int) -> float:
        return self._contents.book.draw(kind, rule_id, match_number)

    def draw_bytes(self, count: int, rule_id: str, match_number: int) -> bytes:
        return self._contents.book.draw_bytes(count, rule_id, match_number)

    def sleep(self, generation: int, seconds: float, rule: Rule | None) -> bool:
        return self._ended or self._sleepers.sleep(generation, seconds, None if rule is None else rule.life)

    # The journal

    def record(self, generation: int, entry: Entry) -> None:
        # Without the lock: a reset puts another journal in the place of this one, which accepts this generation.
        journal = self._journal
        if generation >= journal.since:
            journal.record(entry)

    def entries(self, wanted: Key, limit: int) -> list[Entry]:
        return self._journal.entries(wanted, limit)

    def numbered_entries(self) -> list[tuple[int, Entry]]:
        return self._journal.numbered()

    def count_calls(self, wanted: Key) -> int:
        return self._journal.count(wanted)

    @property
    def journal_truncated(self) -> bool:
        return self._journal.truncated

    def clear_journal(self, generation: int) -> None:
        with self._lock:
            self.check(generation)
            self._journal.clear()

    # The world as a whole

    @property
    def state(self) -> SandboxState:
        with self._lock:
            return self._contents.state()

    def reset(self, state: SandboxState) -> None:
        self._write(None, partial(self._generation, state, clears_journal=True))

    def load(self, generation: int, state: SandboxState) -> None:
        self._write(generation, partial(self._generation, state))

    def end(self) -> None:
        # A call in flight may ask for the generation again, so that a new generation alone would not refuse it.
        with self._lock:
            self._ended = True
            self._contents.generation += 1
        self._sleepers.begin_generation(self.generation)

    def fork(self) -> "Sandbox":
        with self._lock:
            fork = Sandbox(self._contents.state(), self._runtime, self._key, self.generation)
            fork._contents.held_keys = self._contents.held_keys
            return fork

    @property
    def snapshots(self) -> list[Snapshot[SandboxState]]:
        return list(self._contents.snapshots)

    def take_snapshot(self, generation: int) -> Snapshot[SandboxState]:
        self._contents.snapshots.check_room(self.state)

        def decide() -> tuple[Change, Snapshot[SandboxState]]:
            contents = self._contents
            at = contents.clock.time()
            return changes.SnapshotTaken(at), contents.snapshots.next(at, contents.state())

        return self._write(generation, decide)

    def restore(self, snapshot_id: str) -> Snapshot[SandboxState]:
        def decide() -> tuple[Change, Snapshot[SandboxState]]:
            snapshot = self._contents.snapshots.get(snapshot_id)
            return changes.SnapshotRestored(snapshot_id), snapshot

        return self._write(None, decide)

    def drop_snapshot(self, generation: int, snapshot_id: str) -> None:
        def decide() -> tuple[Change, None]:
            self._contents.snapshots.get(snapshot_id)
            return changes.SnapshotDropped(snapshot_id), None

        self._write(generation, decide)

    def _write(self, generation: int | None, decide: Callable[[], tuple[Change | None, T]]) -> T:
        """Make the change that ``decide`` returns, if it returns one, and return its result.

        Raises SandboxReset if ``generation`` is over. Nothing else changes the contents meanwhile.
        """
        with self._lock:
            if generation is not None:
                self.check(generation)
            change, result = decide()
            if change is not None:
                self._apply(change)
        if type(change) in _ENDING_CALLS:
            self._end_calls(change)
        return result

    def _apply(self, change: Change) -> None:
        """Make a change in memory. Writers take turns."""
        change.apply(self._contents)
        if type(change) is GenerationBegun and change.clears_journal:
            # Before, so that no call of the new journal is announced earlier.
            self._journal.announce_empty()
            self._begin_journal()

    def _end_calls(self, change: Change | None) -> None:
        """Wake the calls that need not sleep after a change. They may need the lock at once."""
        if type(change) is changes.RulesSet:
            self._sleepers.wake()
        else:
            self._sleepers.begin_generation(self.generation)

    def _generation(
        self, state: SandboxState, *, clears_journal: bool = False
    ) -> tuple[GenerationBegun, None]:
        return GenerationBegun(self._begun(state), clears_journal), None

    def _begun(self, state: SandboxState) -> SandboxState:
        """Return the state in which a generation begins: a plain sandbox has no story."""
        return state if state.story is None else replace(state, story=None)

    def _begin_journal(self) -> None:
        bounds = self._runtime.bounds
        self._journal = Journal(
            bounds.journal_entries, bounds.journal_bytes, self.generation, self._runtime.feed, self._key
        )
