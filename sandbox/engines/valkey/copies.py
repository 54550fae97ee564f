"""The copies of worlds that a worker has, least recently used first."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Final

from sandbox.engines.valkey.contents_codec import decode_contents
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.log import FOLLOWED_AT_ONCE, Alias, Saved, WorldLog
from sandbox.engines.valkey.optimism import OptimisticGeneration
from sandbox.engines.valkey.slot import SharedSlot
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.turn import Turns
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.world.interface import World
from sandbox.world.runtime import Runtime
from sandbox.world.world_name import WorldKey, WorldName, text_of

ANONYMOUS: Final = "anonymous"
"""The id of the world of the requests without a token in the store. It is no id of a sandbox, so it has no label."""


class Copies:
    """Copies of ``kind``, by the ids of their worlds.

    There are at most ``capacity`` and those that are in use. ``id_of_key`` returns the id of a world, and ``now``
    monotonic seconds. ``on_removed`` is called with each copy that was forgotten.
    """

    def __init__(
        self,
        store: Store,
        kind: type[SharedSandbox],
        runtime: Runtime,
        id_of_key: Callable[[WorldKey], str],
        now: Callable[[], float],
        capacity: int,
        on_removed: Callable[[World], object],
    ) -> None:
        self._store = store
        self._kind = kind
        self._runtime = runtime
        self._id_of_key = id_of_key
        self._now = now
        self._capacity = capacity
        self._on_removed = on_removed
        self._lock = Lock()
        self._slots: OrderedDict[str, SharedSlot] = OrderedDict()
        # Declared worlds by the ids that worlds of their tokens would have. All of them are in _slots too.
        self._aliases: dict[str, SharedSlot] = {}
        self._opening = Turns(store.turn)

    def __iter__(self) -> Iterator[SharedSlot]:
        """Iterate over the slots of this moment, without that of the requests without a token."""
        with self._lock:
            return iter([slot for slot in self._slots.values() if slot.id != ANONYMOUS])

    def get(self, world_id: str) -> SharedSlot | None:
        """Return the slot of a world, as far as this worker knows it."""
        return self._slots.get(world_id)

    def use(self, slot: SharedSlot) -> None:
        """Begin a use of a slot, which :meth:`release` ends."""
        with self._lock:
            slot.in_flight += 1
            slot.last_used = self._now()
            if slot.id in self._slots:
                self._slots.move_to_end(slot.id)

    def release(self, slot: SharedSlot) -> None:
        """End a use."""
        with self._lock:
            slot.in_flight -= 1
            slot.last_used = self._now()

    def optimistic(self, world_id: str, key: WorldKey) -> tuple[SharedSlot, OptimisticGeneration] | None:
        """Return the slot of a world and the generation for an optimistic call; None if the call has to follow."""
        slot = self._known(world_id, key) if self._store.courier.has_one_server else None
        generation = None if slot is None else slot.world.begin_optimistic()
        return None if slot is None or generation is None else (slot, generation)

    def followed(self, world_id: str, key: WorldKey | None) -> SharedSlot | None:
        """Return the slot of a world, whose copy has all changes of now, or None if there is no such world.

        The server-wide rules are those of now, too. Without ``key``, a token does not select a declared world. Raises
        StoreUnavailable.
        """
        slot = self._known(world_id, key)
        if slot is None:
            return self._opened(world_id, key)
        world, rules = slot.world, self._store.rules
        since = world.position.number
        changes, of_server = map(succeeded, self._store.courier.ask(world.see(), rules.see()))
        rules.take(of_server)
        if world.take_first(since, changes) and (
            not isinstance(changes, list) or len(changes) < FOLLOWED_AT_ONCE or world.follow()
        ):
            return slot
        self.forget(slot)
        return self._opened(world_id, key)

    def forget(self, slot: SharedSlot) -> None:
        """Forget a copy, and end the calls in it."""
        with self._lock:
            if self._slots.get(slot.id) is not slot:
                return
            del self._slots[slot.id]
            if self._aliases.get(slot.token_id) is slot:
                del self._aliases[slot.token_id]
        slot.world.end()
        self._on_removed(slot.world)

    def wake(self, slot: SharedSlot) -> None:
        """Follow a world if calls sleep in it, since a change may wake them. Raises StoreUnavailable."""
        if slot.world.sleeping and not slot.world.follow():
            self.forget(slot)

    def _known(self, world_id: str, key: WorldKey | None) -> SharedSlot | None:
        slot = self._slots.get(world_id)
        if slot is None and key is not None:
            slot = self._aliases.get(world_id)
        if slot is None or self._slots.get(slot.id) is not slot:
            return None
        if key is not None and not slot.key and slot.id != ANONYMOUS:
            # The draws of its rules depend on the key, which was not known until now.
            return None
        return slot

    def _opened(self, world_id: str, key: WorldKey | None) -> SharedSlot | None:
        """Load a world, unless another call does so already."""
        with self._opening.of(world_id):
            if self._known(world_id, key) is None:
                return self._loaded(world_id, key)
        # The other call may have read it before this one began.
        return self.followed(world_id, key)

    def _loaded(self, world_id: str, key: WorldKey | None) -> SharedSlot | None:
        log = self._store.log(world_id)
        self._store.rules.follow()
        saved = log.load()
        if isinstance(saved, Alias):
            return None if key is None else self._selected(world_id, saved)
        if saved is None:
            return None
        world = self._copy(saved, key, log)
        if not world.take(saved.position.number, saved.entries) or not world.follow():
            return None
        slot = SharedSlot(key, world, self._now(), world_id, saved)
        with self._lock:
            self._slots[world_id] = slot
        self._forget_oldest(but=slot)
        return slot

    def _selected(self, token_id: str, alias: Alias) -> SharedSlot | None:
        """Return the slot of the declared world that a token selects, unless it has ended or begun anew."""
        name = WorldName(alias.name)
        slot = self.followed(self._id_of_key(name), name)
        if slot is None or slot.mark != alias.mark:
            return None
        with self._lock:
            self._aliases[token_id] = slot
        return slot

    def _copy(self, saved: Saved, key: WorldKey | None, log: WorldLog) -> SharedSandbox:
        store = self._store
        contents = decode_contents(saved.checkpoint, store.sources, store.rules, store.pause)
        text = "" if key is None else text_of(key)
        return self._kind(contents, self._runtime, text, store, log, saved.position, len(saved.checkpoint))

    def _forget_oldest(self, *, but: SharedSlot) -> None:
        """Forget copies that nobody uses, if there are more than sandboxes may be."""
        while len(self._slots) > self._capacity + 1:
            oldest = next((slot for slot in self if not slot.in_flight and slot is not but), None)
            if oldest is None:
                return
            self.forget(oldest)
