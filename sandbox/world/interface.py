"""The interface of worlds and of their fleet: everything that the rest of the server uses of them, and nothing else.

Each engine implements these protocols. A world takes values and returns values. Each write names the generation that
it was made for. A reset, an import, a restore and a drop begin a new generation. Writes of an older one raise
SandboxReset.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from sandbox.world.clock import ClockState
from sandbox.world.conversation import Record
from sandbox.world.journal import Entry, Key
from sandbox.world.label import Label, Summary
from sandbox.world.paging import Page, Query
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rules import Rule, RuleCounters, Trial, UnboundRule
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldKey, WorldName


class RuleSet(Protocol):
    """Fault rules in order: those of one world, or the server-wide ones."""

    @property
    def generation(self) -> int:
        """The current generation, which each write names."""
        ...

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order in which they are tried."""
        ...

    def get_rule(self, rule_id: str) -> Rule:
        """Return the rule of this id. Raises UnknownRule."""
        ...

    def counters(self, rule: Rule, /) -> RuleCounters:
        """Return the counters of one of the rules."""
        ...

    def add_rule(self, generation: int, unbound: UnboundRule, /) -> Rule:
        """Add a rule behind the others, and return it. Raises RulesFull and RulesTooLarge."""
        ...

    def replace_rules(self, generation: int, unbound: Iterable[UnboundRule], /) -> None:
        """Replace all rules, and wake the calls that the old ones delay. Raises RulesFull and RulesTooLarge."""
        ...

    def change_rule(self, generation: int, rule_id: str, unbound: UnboundRule, /) -> Rule:
        """Replace the rule of this id, wake the calls that it delays, and return the new one.

        The new one is counted from zero. If the two differ in ``enabled`` alone, the rule is switched instead.
        Raises UnknownRule and RulesTooLarge.
        """
        ...

    def switch_rule(self, generation: int, rule_id: str, /, *, enabled: bool) -> Rule:
        """Switch a rule on, or off and wake the calls that it delays. Return it. Raises UnknownRule.

        It keeps its counters.
        """
        ...

    def order_rules(self, generation: int, rule_ids: Sequence[str], /) -> None:
        """Put the rules in the order of ``rule_ids``. They keep their counters. Raises WrongOrder."""
        ...

    def remove_rule(self, generation: int, rule_id: str, /) -> None:
        """Remove a rule, and wake the calls that it delays. Raises UnknownRule."""
        ...


class World(RuleSet, Protocol):
    """The isolated world of one bearer token."""

    # Conversations

    def get(self, conversation_id: str) -> Record:
        """Return a conversation. Raises UnknownConversation."""
        ...

    def page(self, query: Query) -> Page:
        """Return one page of the list. Raises UnknownCursor."""
        ...

    @property
    def size(self) -> int:
        """The number of conversations."""
        ...

    def create(self, generation: int, contact_id: str | None, group_id: str | None) -> Record:
        """Create a conversation. Raises MissingParticipant, StoreFull and SandboxReset."""
        ...

    def create_once(
        self, generation: int, key: str, contact_id: str | None, group_id: str | None
    ) -> tuple[Record, bool]:
        """Create a conversation, unless a create with this idempotency key did, and return whether one did.

        What it returned then is returned again, whatever has become of the conversation. A key is forgotten after 24
        hours of the world. Raises KeyReused if the attributes differ, KeyInUse if a delayed call holds the key,
        KeysFull, and what :meth:`create` raises. An error is not stored.
        """
        ...

    def hold_key(self, generation: int, key: str, seconds: float) -> bool:
        """Hold an idempotency key for a call that is delayed by ``seconds``: another create with it raises KeyInUse.

        If the process of the call ends, so that nobody releases the key, it is free some seconds later than that.
        Returns False if there is nothing to hold, because a create with the key was made. Raises KeyInUse if another
        call holds the key, and SandboxReset.
        """
        ...

    def release_key(self, generation: int, key: str) -> None:
        """End what :meth:`hold_key` began. Does nothing if ``generation`` is over, since nothing is held any more."""
        ...

    def update(self, generation: int, conversation_id: str, attributes: Mapping[str, Any]) -> Record:
        """Change attributes of a conversation. Raises UnknownConversation and SandboxReset."""
        ...

    def put(
        self, generation: int, conversation_id: str, attributes: Mapping[str, Any]
    ) -> tuple[Record, bool]:
        """Create a conversation or change any attribute of it, and return whether it is new.

        Raises MissingParticipant, StoreFull and SandboxReset.
        """
        ...

    def delete(self, generation: int, conversation_id: str) -> None:
        """Delete a conversation. Raises UnknownConversation and SandboxReset."""
        ...

    # Time

    def time(self) -> float:
        """Return the time of the world in Unix seconds."""
        ...

    @property
    def clock_state(self) -> ClockState:
        """The state of the clock."""
        ...

    def freeze_clock(self, generation: int, at: float | None) -> None:
        """Stop the clock, at ``at`` (Unix seconds) or where it is. Raises SandboxReset."""
        ...

    def advance_clock(self, generation: int, seconds: float) -> None:
        """Set the clock ahead. Raises SandboxReset."""
        ...

    def resume_clock(self, generation: int) -> None:
        """Let the clock run on from where it stands. Raises SandboxReset."""
        ...

    # Rules, and the calls that they delay

    def fire(self, generation: int, request: RequestInfo, server_rules: Collection[Rule]) -> Trial:
        """Count ``request``, and return the first rule that fires, with a verdict on each. Raises SandboxReset."""
        ...

    def draw(self, kind: str, rule_id: str, match_number: int) -> float:
        """Return the number from 0 to below 1 that belongs to a match."""
        ...

    def draw_bytes(self, count: int, rule_id: str, match_number: int) -> bytes:
        """Return ``count`` bytes, at most 256, that belong to a match."""
        ...

    def sleep(self, generation: int, seconds: float, rule: Rule | None) -> bool:
        """Sleep until the time is over, the rule ends or the generation ends. Return whether it was woken."""
        ...

    def check(self, generation: int) -> None:
        """Raise SandboxReset if ``generation`` is over."""
        ...

    def current(self, generation: int) -> int:
        """Return the current generation for a call that began in ``generation`` and may go on in the current one."""
        ...

    def validate(self, generation: int) -> None:
        """Raise Outdated if the optimistic call of ``generation`` has missed changes. It cannot miss any later."""
        ...

    # The journal

    def record(self, generation: int, entry: Entry) -> None:
        """Add a call to the journal, unless the journal began after ``generation``.

        Raises Outdated if it is an optimistic call that has missed changes.
        """
        ...

    def entries(self, wanted: Key, limit: int) -> list[Entry]:
        """Return the last ``limit`` entries that ``wanted`` selects, newest first."""
        ...

    def numbered_entries(self) -> "list[NumberedEntry]":
        """Return all entries with numbers that order the calls of all worlds, oldest first."""
        ...

    def count_calls(self, wanted: Key) -> int:
        """Return the exact number of calls that ``wanted`` selects."""
        ...

    @property
    def journal_truncated(self) -> bool:
        """True if entries were dropped from the journal."""
        ...

    def clear_journal(self, generation: int) -> None:
        """Forget all calls. Raises SandboxReset."""
        ...

    # The world as a whole

    @property
    def state(self) -> SandboxState:
        """The state at this moment, as a value."""
        ...

    def reset(self, state: SandboxState) -> None:
        """Begin a new generation in ``state`` with an empty journal, and wake all sleeping calls. Snapshots stay."""
        ...

    def load(self, generation: int, state: SandboxState) -> None:
        """Begin a new generation in ``state``, and wake all sleeping calls. Journal and snapshots stay.

        Raises SandboxReset if the sandbox was reset since ``generation``, for which ``state`` was made.
        """
        ...

    def end(self) -> None:
        """End the world: wake all sleeping calls, and raise SandboxReset for every further write."""
        ...

    def fork(self) -> "World":
        """Return a world with the same state and generation, whose writes do not reach this one."""
        ...

    @property
    def snapshots(self) -> list[Snapshot[SandboxState]]:
        """The snapshots, oldest first."""
        ...

    def take_snapshot(self, generation: int) -> Snapshot[SandboxState]:
        """Save the state under a new id. Raises SnapshotsFull, SnapshotsTooLarge and SandboxReset."""
        ...

    def restore(self, snapshot_id: str) -> Snapshot[SandboxState]:
        """Load the state of a snapshot, and return the snapshot. Raises UnknownSnapshot."""
        ...

    def drop_snapshot(self, generation: int, snapshot_id: str) -> None:
        """Forget a snapshot. Raises UnknownSnapshot and SandboxReset."""
        ...


NumberedEntry = tuple[int, Entry]
"""A call of a journal, with a number that orders the calls of all worlds."""


class SandboxSlot:
    """The place of one world in the fleet.

    ``key`` is its token or its name. A declared world has a name, and also a ``token`` that selects it; of another one
    with a name, that is an empty text.
    ``in_flight`` is the number of requests that use the world; ``last_used`` and ``ends_at`` are monotonic seconds.
    """

    __slots__ = ("ends_at", "in_flight", "key", "last_used", "token", "world")

    def __init__(self, key: WorldKey, world: World, now: float) -> None:
        self.key = key
        self.token = key if isinstance(key, str) else ""
        self.world = world
        self.in_flight = 0
        self.last_used = now
        self.ends_at = math.inf

    @property
    def name(self) -> str | None:
        """The name of the world; None if the world is that of a token."""
        return self.key.text if isinstance(self.key, WorldName) else None


class Lease(NamedTuple):
    """The use of a world by one request. ``generation`` is the one that the request's writes are for.

    The request is optimistic if its world may lack changes that another process has made. Then its first write,
    :meth:`World.validate` or :meth:`World.record` raises Outdated if it lacks any, and nothing has been done. All
    of it must be answered anew, so nothing may be sent before.
    """

    slot: SandboxSlot
    world: World
    generation: int


class Fleet(Protocol):
    """All worlds of a server, by token or name.

    ``anonymous`` is the slot of the requests without a token. It is not one of the fleet's sandboxes.
    """

    anonymous: SandboxSlot

    def begin(self) -> None:
        """Take over the worlds that the engine has kept. Raises UnusableStore.

        A server calls this once in each process that answers.
        """
        ...

    def __len__(self) -> int:
        """Return the number of sandboxes."""
        ...

    def summaries(self) -> Iterable[Summary]:
        """Return what a list says of the sandboxes, least recently used first."""
        ...

    def journals(self) -> Iterable[tuple[str, list[NumberedEntry]]]:
        """Return the journals of all worlds, each with the text by which the feed names the world."""
        ...

    def worlds(self) -> Iterable[World]:
        """Return all worlds, that of the requests without a token first."""
        ...

    def using(self, key: WorldKey) -> AbstractContextManager[Lease]:
        """Lease the world of ``key`` until the block ends. Raises what :meth:`acquire` raises."""
        ...

    def using_id(self, sandbox_id: str) -> AbstractContextManager[Lease]:
        """Lease the world of an id until the block ends. Raises UnknownSandbox."""
        ...

    def acquire(self, key: WorldKey, *, optimistic: bool = False) -> Lease:
        """Lease the world of ``key``; call :meth:`release` when the request is over.

        The request may be optimistic if it is ready for that. Raises FleetFull, UndeclaredWorld, StorageFailed and
        StoreUnavailable.
        """
        ...

    def release(self, lease: Lease) -> None:
        """End the use that :meth:`acquire` began."""
        ...

    def lease_anonymous(self, *, optimistic: bool = False) -> Lease:
        """Lease the world of the requests without a token. It needs no release, since it is never dropped."""
        ...

    def declare(
        self, name: WorldName, token: str, state: SandboxState, ttl_seconds: float | None = None
    ) -> SandboxSlot:
        """Add a world in ``state``, which ``name`` and ``token`` select, and return its slot.

        It ends ``ttl_seconds`` from now, if that is given. Raises NameTaken, FleetFull and StorageFailed.
        """
        ...

    def drop(self, sandbox_id: str) -> None:
        """Forget a sandbox; its sleeping calls wake, and its token or name begins anew. Raises UnknownSandbox."""
        ...

    @property
    def failure(self) -> str | None:
        """One line that says why worlds cannot be used at the moment, or None."""
        ...

    def text_of(self, slot: SandboxSlot) -> str:
        """Return the text by which the feed names the world of a slot."""
        ...

    def label_of(self, text: str) -> Label | None:
        """Return the label of the world that the feed names so; None for that of the requests without a token."""
        ...
