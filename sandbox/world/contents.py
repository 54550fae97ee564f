"""The contents of a world: all that its changes alter, and only they do."""

from __future__ import annotations  # rpds types are generic for type checkers alone

from collections.abc import Iterable, Mapping
from functools import partial

from rpds import HashTrieMap

from sandbox.world.clock import Clock
from sandbox.world.idempotency import IdempotencyKeys
from sandbox.world.ids import IdSequence
from sandbox.world.origin import Origin
from sandbox.world.pulse import Story
from sandbox.world.rule_book import RuleBook, revived
from sandbox.world.runtime import Runtime
from sandbox.world.snapshots import Snapshot, Snapshots
from sandbox.world.state import SandboxState, fit_beside
from sandbox.world.store import Store

_NO_HELD_KEYS: HashTrieMap[str, float] = HashTrieMap()


class Contents:
    """The parts of a world in memory. Readers need no lock; writers take turns.

    ``key`` names the world in the draws of its rules. ``generation`` is the number of resets, imports and restores, and
    ``held_keys`` are the idempotency keys of the delayed calls of this generation, each with the time until which it is
    held, in Unix seconds of the machine. ``story`` is the place in the story of a world with a pulse, and ``origin``
    the origin of the state in which this generation began.
    """

    __slots__ = (
        "_key",
        "_runtime",
        "book",
        "clock",
        "generation",
        "held_keys",
        "idempotency_keys",
        "ids",
        "origin",
        "snapshots",
        "store",
        "story",
    )

    store: Store
    clock: Clock
    ids: IdSequence
    book: RuleBook
    idempotency_keys: IdempotencyKeys
    held_keys: HashTrieMap[str, float]
    story: Story | None
    origin: Origin | None

    def __init__(self, state: SandboxState, runtime: Runtime, key: str, generation: int) -> None:
        self._runtime = runtime
        self._key = key
        self.generation = generation
        bounds = runtime.bounds
        self.snapshots: Snapshots[SandboxState] = Snapshots(
            bounds.snapshots, bounds.snapshot_bytes, partial(fit_beside, offload=runtime.offload)
        )
        self.set_state(state)

    def begin_generation(self, state: SandboxState) -> None:
        """Begin a new generation in ``state``. Snapshots stay."""
        self.generation += 1
        self.set_state(state)

    def set_state(self, state: SandboxState) -> None:
        """Take over a state. Its rules get lives of their own."""
        runtime, bounds = self._runtime, self._runtime.bounds
        self.store = Store(state.table, runtime.encode, bounds.conversations)
        self.clock = clock_of(state, runtime)
        self.ids = IdSequence(state.seed, state.pinned_ids, state.id_index)
        self.idempotency_keys = state.idempotency_keys
        # They are not a part of states.
        self.held_keys = _NO_HELD_KEYS
        # A state is shared with snapshots and forks, in which the rules do not end when they end here.
        rules, counters = revived(state.rules, state.counters)
        self.book = RuleBook(
            state.seed, self._key, bounds.rules, rules, counters=counters, max_bytes=bounds.rule_bytes
        )
        self.story = state.story
        self.origin = state.origin

    def fill(
        self, held_keys: Mapping[str, float], snapshots: Iterable[Snapshot[SandboxState]], taken: int
    ) -> None:
        """Add what was kept elsewhere besides the state: the held keys, and the snapshots, ``taken`` in all."""
        self.held_keys = HashTrieMap(held_keys)
        self.snapshots.fill(snapshots, taken)

    def is_held(self, key: str) -> bool:
        """Return True if a delayed call holds an idempotency key."""
        until = self.held_keys.get(key)
        return until is not None and self._runtime.now() < until

    def state(self) -> SandboxState:
        """Return the state at this moment."""
        clock = self.clock.state
        return SandboxState(
            self.store.table,
            self.ids.seed,
            self.ids.pinned,
            clock.frozen_at,
            self.ids.index,
            clock.offset,
            self.book.rules,
            self.book.counted,
            self.idempotency_keys,
            self.story,
            self.origin,
        )


def clock_of(state: SandboxState, runtime: Runtime) -> Clock:
    """Return the clock of a world in ``state``."""
    return Clock(runtime.now, state.frozen_at, state.clock_offset)
