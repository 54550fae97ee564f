"""A copy of a world that follows its log in the store."""

from typing import Any

from sandbox.engines.valkey.change_codec import decode_change
from sandbox.engines.valkey.contents_codec import SavedContents, decode_contents
from sandbox.engines.valkey.continuation import continue_rules
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.format import NewerFormat
from sandbox.engines.valkey.log import FOLLOWED_AT_ONCE, OTHER, SAME, Entry, Position, Saved, WorldLog
from sandbox.engines.valkey.log_length import LogLength
from sandbox.engines.valkey.server_rule_numbers import UnknownRuleNumber
from sandbox.engines.valkey.store import Store
from sandbox.world import changes
from sandbox.world.changes import Change
from sandbox.world.contents import Contents
from sandbox.world.errors import StoreUnavailable
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox

WAKING = (changes.RulesSet, changes.GenerationBegun, changes.SnapshotRestored)
"""The changes after which sleeping calls may have to be woken."""
_DECISIVE = (*WAKING, changes.ClockSet)
"""The changes that an optimistic call must know, even if this copy has made them after the call began.

Other changes of this copy are known when the call writes, or come after it if it only reads.
"""


class FollowingSandbox(Sandbox):
    """A copy of a world whose log is in the store.

    Reads are those of a sandbox in memory, and see what :meth:`follow` has applied. The contents are only ever changed
    by what the log has.
    """

    __slots__ = ("_decisive", "_length", "_log", "_own", "_position", "_store")

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
        self._length = LogLength(checkpoint_bytes)
        # The change that is being appended, which another call may read from the log before its writer knows.
        self._own: tuple[bytes, Change] | None = None
        self._decisive = 0

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
            self._decisive += 1
            self._length = LogLength(len(saved.checkpoint))
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
        if isinstance(change, _DECISIVE) or not entry.nonce.startswith(self._log.nonces.prefix):
            self._decisive += 1
        self._length.add(len(entry.change))

    def _end_calls_after(self, change: Change) -> None:
        if isinstance(change, WAKING):
            self._end_calls(change)
