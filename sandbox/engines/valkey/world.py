"""A copy of a world in the store, in the memory of this worker."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from sandbox.engines.valkey.change_codec import decode_change, encode_change
from sandbox.engines.valkey.contents_codec import SavedContents, decode_contents, encode_contents
from sandbox.engines.valkey.continuation import continue_rules
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.format import NewerFormat
from sandbox.engines.valkey.journal import SharedJournal
from sandbox.engines.valkey.log import FOLLOWED_AT_ONCE, OTHER, SAME, Entry, Position, Saved, WorldLog
from sandbox.engines.valkey.server_rule_numbers import UnknownRuleNumber
from sandbox.engines.valkey.store import Store
from sandbox.world import changes
from sandbox.world.changes import Change
from sandbox.world.contents import Contents
from sandbox.world.errors import SandboxReset, StoreUnavailable
from sandbox.world.journal import Entry as Call
from sandbox.world.journal import Key
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.rules import Rule
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState

T = TypeVar("T")

_LEAST_LOG_BYTES = 65_536
"""A log that is shorter is not replaced by a checkpoint. A longer one is, when it is as long as the checkpoint."""
_MOST_CHANGES = 10_000
"""The number of changes after which there is a checkpoint, however large it is: a new copy applies all that follow."""
_WAKING = (changes.RulesSet, changes.GenerationBegun, changes.SnapshotRestored)


class SharedSandbox(Sandbox):
    """A copy of a world whose log is in the store.

    Reads are those of a sandbox in memory, and see what :meth:`follow` has applied. A write is appended to the log if
    the copy has all changes before it; otherwise it is decided again when it has. All writes raise StoreUnavailable.
    The contents are only ever changed by what the log has.
    """

    __slots__ = (
        "_checkpoint_bytes",
        "_log",
        "_log_bytes",
        "_log_changes",
        "_own",
        "_position",
        "_shared_journal",
        "_store",
        "_turn",
    )

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
        super().__init__(saved.state, runtime, key, saved.generation)
        saved.fill(self._contents)
        self._store = store
        self._log = log
        self._position = position
        self._checkpoint_bytes = checkpoint_bytes
        self._log_bytes = 0
        self._log_changes = 0
        # The change that is being appended, which another call may read from the log before its writer knows.
        self._own: tuple[bytes, Change] | None = None
        self._turn = store.turn()
        self._shared_journal = SharedJournal(log.keys, store, runtime.bounds)

    @property
    def has_ended(self) -> bool:
        """True if the world is no more, or this copy has lost the connection to its log."""
        return self._ended

    @property
    def position(self) -> Position:
        """The last change that this copy has."""
        return self._position

    @property
    def digests(self) -> set[str]:
        """The digests of the scenarios in which this generation and the snapshots have begun."""
        contents = self._contents
        origins = contents.origin, *(snapshot.state.origin for snapshot in contents.snapshots)
        return {origin.source.digest(self._store.pause) for origin in origins if origin is not None}

    @property
    def sleeping(self) -> int:
        """The number of calls that sleep in this copy."""
        return len(self._sleepers)

    # Following the log

    def see(self) -> tuple[Any, ...]:
        """Return the command whose reply :meth:`take` applies."""
        return self._log.see(self._position)

    def follow(self) -> bool:
        """Apply the changes that the log has by now, and return False if this copy has to be loaded anew."""
        while True:
            since = self._position.number
            (reply,) = self._store.courier.ask(self.see())
            if not self.take(since, succeeded(reply)):
                return False
            if not isinstance(reply, list) or len(reply) < FOLLOWED_AT_ONCE:
                return True

    def take(self, since: int, reply: Any) -> bool:
        """Apply the reply to :meth:`see`, which was asked at the change ``since``.

        Return False if this copy has to be loaded anew: it has ended.
        """
        if reply == SAME or (reply == OTHER and self._has_skipped()):
            return True
        if not isinstance(reply, list):
            self.end()
            return False
        for number, text in enumerate(reply, since + 1):
            self._apply_entry(number, Entry.of(text))
            self._store.pause()
        return True

    def _has_skipped(self) -> bool:
        """Take over the checkpoint that follows the changes of this copy, if the log does not have them any more.

        The calls of this copy go on. Return False if the world is another one, or has lost changes of this copy.
        """
        saved = self._log.load()
        if not isinstance(saved, Saved) or saved.position.incarnation != self._position.incarnation:
            return False
        if saved.position.number > self._position.number:
            store = self._store
            decoded = decode_contents(saved.checkpoint, store.sources, store.rules, store.pause)
            contents = Contents(self._begun(decoded.state), self._runtime, self._key, decoded.generation)
            decoded.fill(contents)
            self._become(contents, saved)
        elif not saved.has(self._position):
            return False
        return self.take(saved.position.number, saved.entries) and self.follow()

    def _become(self, contents: Contents, saved: Saved) -> None:
        with self._lock:
            before = self._contents
            if saved.position.number <= self._position.number:
                # Another call has done so meanwhile.
                return
            if contents.generation == before.generation:
                continue_rules(contents.book, before.book)
            self._contents, self._position = contents, saved.position
            self._log_bytes = self._log_changes = 0
            self._checkpoint_bytes = len(saved.checkpoint)
        self._sleepers.begin_generation(contents.generation)
        self._sleepers.wake()

    def _apply_entry(self, number: int, entry: Entry) -> None:
        position = self._position
        if number <= position.number:
            return
        own = self._own
        change = own[1] if own is not None and own[0] == entry.nonce else self._decoded(entry.change)
        with self._lock:
            if self._position is not position:
                # Another call has applied it meanwhile.
                return
            self._advance(change, entry, number)
        self._end_calls_after(change)

    def _decoded(self, text: bytes) -> Change:
        store = self._store
        try:
            return decode_change(text, self._contents, store.sources, store.rules, store.pause)
        except UnknownRuleNumber:
            # The rule is newer than what this worker knows, or it has ended.
            store.rules.follow()
            return decode_change(text, self._contents, store.sources, store.rules.forgiving, store.pause)
        except NewerFormat as error:
            raise StoreUnavailable(str(error)) from None

    def _advance(self, change: Change, entry: Entry, number: int) -> None:
        change.apply(self._contents)
        self._position = Position(self._position.incarnation, number, entry.nonce)
        self._log_bytes += len(entry.change)
        self._log_changes += 1

    def _end_calls_after(self, change: Change) -> None:
        if isinstance(change, _WAKING):
            self._end_calls(change)

    # Writing

    def _write(self, generation: int | None, decide: Callable[[], tuple[Change | None, T]]) -> T:
        if self._ended:
            # A call in flight may go on with a world that was dropped.
            return super()._write(generation, decide)
        with self._turn:
            while True:
                with self._lock:
                    if generation is not None:
                        self.check(generation)
                    position = self._position
                    change, result = decide()
                if change is None:
                    return result
                if self._appended(position, change):
                    break
        self._end_calls_after(change)
        self._save_if_due()
        return result

    def _appended(self, position: Position, change: Change) -> bool:
        """Append a change that was decided at ``position``, and apply it; or apply those that came before it."""
        store, contents = self._store, self._contents
        store.sources.keep(change)
        entry = Entry(self._log.next_nonce(), encode_change(change, contents, store.rules, store.pause))
        self._own = entry.nonce, change
        size, generation = self._after(change)
        reply = self._log.append(
            position,
            entry,
            size=size,
            generation=generation,
            clears_journal=isinstance(change, changes.GenerationBegun) and change.clears_journal,
            wakes=isinstance(change, _WAKING),
        )
        if reply is not True:
            if not self.take(position.number, reply):
                raise SandboxReset
            return False
        if isinstance(change, changes.CallCounted):
            store.rules.tally(change.counters, contents.book.counters)
        with self._lock:
            if self._position is position:
                self._advance(change, entry, position.number + 1)
            # Otherwise another call has read it from the log, and applied it.
        return True

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
        is_long = self._log_bytes >= max(_LEAST_LOG_BYTES, self._checkpoint_bytes)
        if not is_long and self._log_changes < _MOST_CHANGES:
            return
        with self._lock:
            saved, position = SavedContents.of(self._contents), self._position
            self._log_bytes = self._log_changes = 0
        text = encode_contents(saved, self._store.rules, self._store.pause)
        self._checkpoint_bytes = len(text)
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
        self._shared_journal.record(self._position.incarnation, generation, entry)

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


class SharedPulsingSandbox(SharedSandbox, PulsingSandbox):
    """A shared sandbox in whose conversations something happens. What has happened is in the log before it is seen."""

    __slots__ = ()
