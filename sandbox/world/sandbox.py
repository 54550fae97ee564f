"""The sandbox: the isolated world of one bearer token."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.world.clock import Clock, Now
from sandbox.world.conversation import Conversation, Record
from sandbox.world.ids import IdSequence
from sandbox.world.journal import Journal
from sandbox.world.paging import Page, Query
from sandbox.world.rules import Rule, RuleBook
from sandbox.world.sleepers import Sleepers
from sandbox.world.snapshots import Snapshots
from sandbox.world.store import Encode, Store
from sandbox.world.table import Table


@dataclass(frozen=True, slots=True)
class SandboxState:
    """All that a sandbox is at one moment, as a value: a start, a snapshot and an export are such states.

    ``id_index`` ids were handed out. The clock stands at ``frozen_at`` (Unix seconds) or runs ``clock_offset``
    seconds ahead of the machine's.
    """

    table: Table
    seed: int
    pinned_ids: tuple[str, ...] = ()
    frozen_at: float | None = None
    id_index: int = 0
    clock_offset: float = 0.0
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a sandbox may grow."""

    conversations: int
    snapshots: int
    rules: int
    journal_entries: int
    journal_bytes: int


class Sandbox:
    """Store, clock, id sequence, fault rules, journal and snapshots of one token. All calls of the API end here.

    ``key`` names the sandbox in the draws of its rules: the token.

    A reset, a restore or an import makes a new sandbox in the place of this one (see :meth:`succeed`), so a call that
    is under way here cannot write into the new world.
    """

    __slots__ = (
        "_encode",
        "_key",
        "_now",
        "bounds",
        "clock",
        "ids",
        "journal",
        "rule_book",
        "sleepers",
        "snapshots",
        "store",
    )

    def __init__(self, state: SandboxState, now: Now, encode: Encode, bounds: Bounds, key: str = "") -> None:
        self._now = now
        self._key = key
        self._encode = encode
        self.bounds = bounds
        self.store = Store(state.table, encode, bounds.conversations)
        self.clock = Clock(now, state.frozen_at, state.clock_offset)
        self.ids = IdSequence(state.seed, state.pinned_ids, state.id_index)
        self.journal = Journal(bounds.journal_entries, bounds.journal_bytes)
        self.rule_book = RuleBook(state.seed, key, state.rules)
        self.sleepers = Sleepers()
        self.snapshots: Snapshots[SandboxState] = Snapshots(bounds.snapshots)

    @property
    def state(self) -> SandboxState:
        """All that the sandbox is at this moment. Costs no copy of the data."""
        with self.store.still() as table:
            clock = self.clock.state
            return SandboxState(
                table,
                self.ids.seed,
                self.ids.pinned,
                clock.frozen_at,
                self.ids.index,
                clock.offset,
                self.rule_book.rules,
            )

    def succeed(self, state: SandboxState, *, journal: Journal | None = None) -> "Sandbox":
        """The sandbox that takes the place of this one and starts in ``state``. The snapshots go with it.

        ``journal`` goes with it too where it is given; otherwise the new one starts empty.
        """
        successor = Sandbox(state, self._now, self._encode, self.bounds, self._key)
        successor.snapshots = self.snapshots
        successor.journal = journal or successor.journal
        return successor

    def create(self, contact_id: str | None, group_id: str | None) -> Record:
        """Begin a conversation. Raises StoreFull."""

        def begin(taken: Callable[[str], bool]) -> Conversation:
            return Conversation.begin(self.ids.next(taken), contact_id, group_id, self.clock.seconds())

        return self.store.create(begin)

    def get(self, conversation_id: str) -> Record:
        """One conversation. Raises UnknownConversation."""
        return self.store.get(conversation_id)

    def page(self, query: Query) -> Page:
        """One page of the list. Raises UnknownCursor."""
        return self.store.page(query)

    def update(self, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        """Change attributes of a conversation. Raises UnknownConversation."""
        return self.store.update(conversation_id, changes)

    def delete(self, conversation_id: str) -> None:
        """Remove a conversation for good. Raises UnknownConversation."""
        self.store.delete(conversation_id)
