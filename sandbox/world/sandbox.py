"""The sandbox: the isolated world of one bearer token, in memory."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from rpds import HashTrieSet

from sandbox.world.clock import Clock, ClockState, Now
from sandbox.world.conversation import Record, require_participant
from sandbox.world.errors import KeyInUse, SandboxReset
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.ids import IdSequence
from sandbox.world.journal import Entry, Journal, Key
from sandbox.world.journal_feed import JournalFeed
from sandbox.world.offload import Offload, run_here
from sandbox.world.paging import Page, Query
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rule_book import RuleBook, revived
from sandbox.world.rules import Rule, RuleCounters, Trial, UnboundRule
from sandbox.world.sleepers import NewEvent, RuleSleepers, Sleepers, Wait, new_event, wait
from sandbox.world.snapshots import Snapshot, Snapshots
from sandbox.world.state import SandboxState, fit_beside
from sandbox.world.store import Encode, Store

_NO_HELD_KEYS: "HashTrieSet[str]" = HashTrieSet()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of a sandbox's growth. Those named bytes are of memory."""

    conversations: int
    snapshots: int
    rules: int
    journal_entries: int
    journal_bytes: int
    snapshot_bytes: float = math.inf
    rule_bytes: float = math.inf
    idempotency_keys: float = math.inf


@dataclass(frozen=True, slots=True)
class Runtime:
    """The dependencies of a sandbox on the process that it runs in.

    ``now`` returns Unix seconds, ``encode`` the JSON of a conversation; ``wait`` is how a call sleeps, and
    ``new_event`` makes the event that wakes it. ``feed`` is told what the journals record, and ``rule_sleepers`` are
    the sleeping calls of all sandboxes. ``offload`` does what takes long.
    """

    now: Now
    encode: Encode
    bounds: Bounds
    wait: Wait = wait
    new_event: NewEvent = new_event
    feed: JournalFeed = field(default_factory=JournalFeed)
    rule_sleepers: RuleSleepers = field(default_factory=RuleSleepers)
    offload: Offload = run_here


class Sandbox:
    """A world whose store, clock, id sequence, rules, journal and snapshots are in the memory of this process.

    ``key`` names the sandbox in the draws of its rules: the token. The methods are described in
    :class:`~sandbox.world.interface.World`.
    """

    __slots__ = (
        "_book",
        "_clock",
        "_ended",
        "_held_keys",
        "_idempotency_keys",
        "_ids",
        "_journal",
        "_key",
        "_lock",
        "_runtime",
        "_sleepers",
        "_snapshots",
        "_store",
        "generation",
    )

    _idempotency_keys: IdempotencyKeys
    _held_keys: "HashTrieSet[str]"

    def __init__(self, state: SandboxState, runtime: Runtime, key: str = "", generation: int = 1) -> None:
        self._runtime = runtime
        self._key = key
        # Writes hold it, and so does what begins a new generation: no write lands between the check and the change.
        self._lock = Lock()
        self.generation = generation
        self._ended = False
        self._sleepers = Sleepers(generation, runtime.wait, runtime.new_event, runtime.rule_sleepers)
        self._snapshots: Snapshots[SandboxState] = Snapshots(
            runtime.bounds.snapshots,
            runtime.bounds.snapshot_bytes,
            partial(fit_beside, offload=runtime.offload),
        )
        self._set_state(state)
        self._begin_journal()

    def check(self, generation: int) -> None:
        if self._ended or generation != self.generation:
            raise SandboxReset

    # Conversations

    def get(self, conversation_id: str) -> Record:
        return self._store.table.get(conversation_id)

    def page(self, query: Query) -> Page:
        return self._store.table.page(query)

    @property
    def size(self) -> int:
        return len(self._store.table)

    def create(self, generation: int, contact_id: str | None, group_id: str | None) -> Record:
        with self._lock:
            self.check(generation)
            return self._store.create(self._ids, contact_id, group_id, self._clock.seconds())

    def create_once(
        self, generation: int, key: str, contact_id: str | None, group_id: str | None
    ) -> tuple[Record, bool]:
        # An invalid create is invalid whatever its key.
        require_participant(contact_id, group_id)
        with self._lock:
            self.check(generation)
            now = self._clock.time()
            replayed = self._idempotency_keys.replay(key, contact_id, group_id, now)
            if replayed is not None:
                return replayed, True
            if key in self._held_keys:
                raise KeyInUse(key)
            keys = self._idempotency_keys.with_room(self._runtime.bounds.idempotency_keys, now)
            record = self._store.create(self._ids, contact_id, group_id, int(now))
            self._idempotency_keys = keys.put(StoredAnswer(key, record, now))
            return record, False

    def hold_key(self, generation: int, key: str) -> bool:
        with self._lock:
            self.check(generation)
            if self._idempotency_keys.find(key, self._clock.time()) is not None:
                return False
            if key in self._held_keys:
                raise KeyInUse(key)
            self._held_keys = self._held_keys.insert(key)
            return True

    def release_key(self, generation: int, key: str) -> None:
        with self._lock:
            if generation == self.generation:
                self._held_keys = self._held_keys.discard(key)

    def update(self, generation: int, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        with self._lock:
            self.check(generation)
            return self._store.update(conversation_id, changes)

    def put(
        self, generation: int, conversation_id: str, attributes: Mapping[str, Any]
    ) -> tuple[Record, bool]:
        with self._lock:
            self.check(generation)
            return self._store.put(conversation_id, attributes, self._clock.seconds())

    def delete(self, generation: int, conversation_id: str) -> None:
        with self._lock:
            self.check(generation)
            self._store.delete(conversation_id)

    # Time

    def time(self) -> float:
        return self._clock.time()

    @property
    def clock_state(self) -> ClockState:
        return self._clock.state

    def freeze_clock(self, generation: int, at: float | None) -> None:
        with self._lock:
            self.check(generation)
            self._clock.freeze(at)

    def advance_clock(self, generation: int, seconds: float) -> None:
        with self._lock:
            self.check(generation)
            self._clock.advance(seconds)

    def resume_clock(self, generation: int) -> None:
        with self._lock:
            self.check(generation)
            self._clock.resume()

    # Rules, and the calls that they delay

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._book.rules

    def get_rule(self, rule_id: str) -> Rule:
        return self._book.get(rule_id)

    def add_rule(self, generation: int, unbound: UnboundRule, /) -> Rule:
        with self._lock:
            self.check(generation)
            return self._book.add(unbound, self._clock.time())

    def replace_rules(self, generation: int, unbound: Iterable[UnboundRule], /) -> None:
        with self._lock:
            self.check(generation)
            self._book.replace(unbound, self._clock.time())
        self._sleepers.wake()

    def change_rule(self, generation: int, rule_id: str, unbound: UnboundRule, /) -> Rule:
        with self._lock:
            self.check(generation)
            rule = self._book.change(rule_id, unbound, self._clock.time())
        self._sleepers.wake()
        return rule

    def switch_rule(self, generation: int, rule_id: str, /, *, enabled: bool) -> Rule:
        with self._lock:
            self.check(generation)
            rule = self._book.switch(rule_id, enabled=enabled)
        self._sleepers.wake()
        return rule

    def order_rules(self, generation: int, rule_ids: Sequence[str], /) -> None:
        with self._lock:
            self.check(generation)
            self._book.order(rule_ids)

    def remove_rule(self, generation: int, rule_id: str, /) -> None:
        with self._lock:
            self.check(generation)
            self._book.remove(rule_id)
        self._sleepers.wake()

    def counters(self, rule: Rule, /) -> RuleCounters:
        return self._book.counters(rule)

    def fire(self, generation: int, request: RequestInfo, server_rules: Collection[Rule]) -> Trial:
        with self._lock:
            self.check(generation)
            return self._book.fire(request, self._clock, server_rules)

    def draw(self, kind: str, rule_id: str, match_number: int) -> float:
        return self._book.draw(kind, rule_id, match_number)

    def draw_bytes(self, count: int, rule_id: str, match_number: int) -> bytes:
        return self._book.draw_bytes(count, rule_id, match_number)

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
            return self._state()

    def reset(self, state: SandboxState) -> None:
        self._begin_generation(state, clears_journal=True)

    def load(self, generation: int, state: SandboxState) -> None:
        self._begin_generation(state, clears_journal=False, only_after=generation)

    def end(self) -> None:
        # A call in flight may ask for the generation again, so that a new generation alone would not refuse it.
        with self._lock:
            self._ended = True
            self.generation += 1
        self._sleepers.begin_generation(self.generation)

    def fork(self) -> "Sandbox":
        with self._lock:
            fork = Sandbox(self._state(), self._runtime, self._key, self.generation)
            fork._held_keys = self._held_keys
            return fork

    @property
    def snapshots(self) -> list[Snapshot[SandboxState]]:
        return list(self._snapshots)

    def take_snapshot(self, generation: int) -> Snapshot[SandboxState]:
        self._snapshots.check_room(self.state)
        with self._lock:
            self.check(generation)
            return self._snapshots.take(self._clock.time(), self._state())

    def restore(self, snapshot_id: str) -> Snapshot[SandboxState]:
        snapshot = self._snapshots.get(snapshot_id)
        self._begin_generation(snapshot.state, clears_journal=False)
        return snapshot

    def drop_snapshot(self, generation: int, snapshot_id: str) -> None:
        with self._lock:
            self.check(generation)
            self._snapshots.drop(snapshot_id)

    def _begin_generation(
        self, state: SandboxState, *, clears_journal: bool, only_after: int | None = None
    ) -> None:
        with self._lock:
            if only_after is not None:
                self.check(only_after)
            self.generation += 1
            self._set_state(state)
            if clears_journal:
                # Before, so that no call of the new journal is announced earlier.
                self._journal.announce_empty()
                self._begin_journal()
        self._sleepers.begin_generation(self.generation)

    def _set_state(self, state: SandboxState) -> None:
        runtime, bounds = self._runtime, self._runtime.bounds
        self._store = Store(state.table, runtime.encode, bounds.conversations)
        self._clock = self._clock_of(state)
        self._ids = IdSequence(state.seed, state.pinned_ids, state.id_index)
        self._idempotency_keys = state.idempotency_keys
        # The keys of the calls that are delayed, which are of the generation that begins. No state has them.
        self._held_keys = _NO_HELD_KEYS
        # A state is shared with snapshots and forks, in which the rules do not end when they end here.
        rules, counters = revived(state.rules, state.counters)
        self._book = RuleBook(
            state.seed, self._key, bounds.rules, rules, counters=counters, max_bytes=bounds.rule_bytes
        )

    def _clock_of(self, state: SandboxState) -> Clock:
        return Clock(self._runtime.now, state.frozen_at, state.clock_offset)

    def _begin_journal(self) -> None:
        bounds = self._runtime.bounds
        self._journal = Journal(
            bounds.journal_entries, bounds.journal_bytes, self.generation, self._runtime.feed, self._key
        )

    def _state(self) -> SandboxState:
        clock = self._clock.state
        return SandboxState(
            self._store.table,
            self._ids.seed,
            self._ids.pinned,
            clock.frozen_at,
            self._ids.index,
            clock.offset,
            self._book.rules,
            self._book.counted,
            self._idempotency_keys,
        )
