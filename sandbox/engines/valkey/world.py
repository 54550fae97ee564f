"""A copy of a world in the store, in the memory of this worker, in which calls read and write."""

from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

from sandbox.engines.valkey.change_codec import encode_change
from sandbox.engines.valkey.contents_codec import SavedContents, encode_contents
from sandbox.engines.valkey.exchange import Reply, succeeded
from sandbox.engines.valkey.following import WAKING, FollowingSandbox
from sandbox.engines.valkey.journal import SharedJournal
from sandbox.engines.valkey.log import RULES, SAME, Entry, Position, WorldLog
from sandbox.engines.valkey.optimism import Optimism, OptimisticGeneration, Seen
from sandbox.engines.valkey.store import Store
from sandbox.world import changes
from sandbox.world.changes import Change
from sandbox.world.errors import Outdated, SandboxReset, StoreUnavailable
from sandbox.world.journal import Entry as Call
from sandbox.world.journal import Key
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.rules import Rule
from sandbox.world.runtime import Runtime
from sandbox.world.state import SandboxState

T = TypeVar("T")


class SharedSandbox(FollowingSandbox):
    """A copy of a world in which calls write.

    A write is appended to the log if the copy has all changes before it; otherwise it is decided again when it has. All
    writes raise StoreUnavailable.
    """

    __slots__ = ("_is_appending", "_optimism", "_shared_journal", "_turn")

    def __init__(
        self,
        saved: SavedContents,
        runtime: Runtime,
        key: str,
        store: Store,
        log: WorldLog,
        position: Position,
        checkpoint_bytes: int = 0,
    ) -> None:
        super().__init__(saved, runtime, key, store, log, position, checkpoint_bytes)
        self._turn = store.turn()
        self._is_appending = False
        self._optimism = Optimism()
        self._shared_journal = SharedJournal(log.keys, store, runtime.bounds)

    # Optimistic calls

    def begin_optimistic(self) -> OptimisticGeneration | None:
        """Return the generation for a call that has not asked for changes; None if the next one has to ask."""
        if not self._optimism.may_begin():
            return None
        with self._lock:
            seen = Seen(self._decisive, self._is_appending, self._store.rules.nonce)
            return OptimisticGeneration.of(self.generation, seen)

    def take_first(self, since: int, reply: Reply) -> bool:
        """Take the changes that a call has asked for at its beginning, like :meth:`take`."""
        self._optimism.note(has_missed=reply != SAME)
        return self.take(since, reply)

    def _require_current(self, call: OptimisticGeneration) -> None:
        """Raise Outdated if the copy has got changes meanwhile that a call has missed."""
        if self._ended or self._decisive != call.seen.decisive:
            self._give_up()

    def _give_up(self) -> NoReturn:
        self._optimism.note(has_missed=True)
        raise Outdated

    def _accept(self, call: OptimisticGeneration) -> None:
        call.is_valid = True
        self._optimism.note(has_missed=False)

    def current(self, generation: int) -> int:
        current = super().current(generation)
        call = _unproven(generation)
        return current if call is None else OptimisticGeneration.of(current, call.seen)

    def validate(self, generation: int) -> None:
        call = _unproven(generation)
        if call is None:
            return
        if call.seen.has_pending:
            raise Outdated
        changes_since, rules = map(succeeded, self._store.courier.ask(self.see(), self._store.rules.see()))
        self._require_current(call)
        if changes_since != SAME or (rules or b"") != call.seen.rules:
            self._give_up()
        self._accept(call)

    # Writing

    def _write(self, generation: int | None, decide: Callable[[], tuple[Change | None, T]]) -> T:
        call = _unproven(generation)
        if self._ended and call is None:
            # A call in flight may go on with a world that was dropped.
            return super()._write(generation, decide)
        with self._turn:
            while True:
                with self._lock:
                    if call is not None:
                        self._require_current(call)
                    if generation is not None:
                        self.check(generation)
                    position = self._position
                    change, result = decide()
                if change is None:
                    return result
                # Until the change is applied, calls that begin do not see it, and others may do so already.
                self._is_appending = True
                try:
                    if self._appended(position, change, call):
                        break
                finally:
                    self._is_appending = False
        self._end_calls_after(change)
        self._save_if_due()
        return result

    def _appended(self, position: Position, change: Change, call: OptimisticGeneration | None) -> bool:
        """Append a change that was decided at ``position``, and apply it; or apply those that came before it.

        Raises Outdated if ``call`` has missed any.
        """
        store, contents = self._store, self._contents
        store.sources.keep(change)
        entry = Entry(self._log.nonces.next(), encode_change(change, contents, store.rules, store.pause))
        self._own = entry.nonce, change
        reply = self._reply_to(position, entry, change, call)
        if reply is not True:
            is_known = reply == RULES or self.take(position.number, reply)
            if call is not None:
                self._give_up()
            if not is_known:
                raise SandboxReset
            return False
        if call is not None:
            self._accept(call)
        if isinstance(change, changes.CallCounted):
            store.rules.tally(change.counters, contents.book.counters)
        with self._lock:
            if self._position is position:
                self._advance(change, entry, position.number + 1)
            # Otherwise another call has read it from the log, and applied it.
        return True

    def _reply_to(
        self, position: Position, entry: Entry, change: Change, call: OptimisticGeneration | None
    ) -> bool | Reply:
        size, generation = self._after(change)
        try:
            return self._log.append(
                position,
                entry,
                size=size,
                generation=generation,
                clears_journal=isinstance(change, changes.GenerationBegun) and change.clears_journal,
                wakes=isinstance(change, WAKING),
                rules=None if call is None else call.seen.rules,
            )
        except BaseException:
            # Nobody knows if it was appended, so the call must not be answered anew, which could append it twice.
            self._log.renew_nonces()
            if call is not None:
                call.is_valid = True
            raise

    def _after(self, change: Change) -> tuple[int, int]:
        """Return the number of conversations and the generation after a change."""
        contents = self._contents
        size, generation = len(contents.store.table), contents.generation
        match change:
            case changes.Created():
                size += 1
            case changes.Written(record):
                size += record.conversation.id not in contents.store.table
            case changes.Deleted():
                size -= 1
            case changes.GenerationBegun(state):
                size, generation = len(state.table), generation + 1
            case changes.SnapshotRestored(snapshot_id):
                size, generation = len(contents.snapshots.get(snapshot_id).state.table), generation + 1
            case _:
                pass
        return size, generation

    def _save_if_due(self) -> None:
        """Replace the log by a checkpoint, if it is long."""
        if not self._length.is_long:
            return
        with self._lock:
            saved, position = SavedContents.of(self._contents), self._position
            self._length.begin()
        text = encode_contents(saved, self._store.rules, self._store.pause)
        self._length.checkpoint_bytes = len(text)
        self._store.spawn(lambda: self._save(position, text))

    def _save(self, position: Position, checkpoint: bytes) -> None:
        # Without it, the log is only longer than it need be.
        with suppress(StoreUnavailable):
            self._log.save(position, checkpoint)

    # The world as a whole

    def reset(self, state: SandboxState) -> None:
        if self._ended:
            # The world in the store may live on, and was not reset.
            raise SandboxReset
        super().reset(state)

    # Calls that sleep

    def sleep(self, generation: int, seconds: float, rule: Rule | None) -> bool:
        self._store.unsent.send_added()
        was_woken = super().sleep(generation, seconds, rule)
        if not self._ended:
            self.follow()
        return was_woken

    # The journal

    def record(self, generation: int, entry: Call) -> None:
        position, call = self._position, _unproven(generation)
        if call is None:
            self._shared_journal.record(position.incarnation, generation, entry)
        else:
            self._require_current(call)
            if call.seen.has_pending:
                raise Outdated
            if not self._has_recorded(position, call, entry):
                self._give_up()
            self._accept(call)

    def _has_recorded(self, position: Position, call: OptimisticGeneration, entry: Call) -> bool:
        try:
            return self._shared_journal.record_if_valid(position, call, entry, self._log.nonces.prefix)
        except StoreUnavailable:
            # It is answered anew, and so gets the error that others get.
            return False

    def entries(self, wanted: Key, limit: int) -> list[Call]:
        return self._shared_journal.entries(wanted, limit)

    def numbered_entries(self) -> list[tuple[int, Call]]:
        return self._shared_journal.numbered()

    def count_calls(self, wanted: Key) -> int:
        return self._shared_journal.count(wanted)

    @property
    def journal_truncated(self) -> bool:
        return self._shared_journal.truncated

    def clear_journal(self, generation: int) -> None:
        self.check(generation)
        if not self._shared_journal.clear(self._position.incarnation, generation):
            raise SandboxReset


def _unproven(generation: int | None) -> OptimisticGeneration | None:
    """Return the generation of an optimistic call that may have missed changes; None for another one."""
    return generation if isinstance(generation, OptimisticGeneration) and not generation.is_valid else None


class SharedPulsingSandbox(SharedSandbox, PulsingSandbox):
    """A shared sandbox in whose conversations something happens. What has happened is in the log before it is seen."""

    __slots__ = ()
