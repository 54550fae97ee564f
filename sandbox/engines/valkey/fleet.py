"""The fleet of a worker whose worlds are in the store: copies of those that it has served lately."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import Final

from sandbox.engines.valkey.copies import ANONYMOUS, Copies
from sandbox.engines.valkey.expiry import Expiry
from sandbox.engines.valkey.keeper import Keeper
from sandbox.engines.valkey.label_codec import label_of, text_of_label
from sandbox.engines.valkey.new_worlds import NewWorlds
from sandbox.engines.valkey.register import Register
from sandbox.engines.valkey.slot import SharedSlot
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.world.errors import NameTaken, StoreUnavailable, UndeclaredWorld, UnknownSandbox
from sandbox.world.interface import Lease, NumberedEntry, SandboxSlot, World
from sandbox.world.label import Label, Summary
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldKey, WorldName

_ID: Final = re.compile(r"[0-9a-f]{32}")


class SharedFleet:
    """The sandboxes of a store. This worker has copies of some of them, least recently used first.

    ``kind`` is the class of the copies, and ``plain`` that of a sandbox in memory with the same behaviour.
    ``initial_state`` returns the state of a new world, and ``now`` returns seconds and never goes back. ``id_key``
    returns the key of the sandboxes' ids, which all servers share. The other arguments are those of
    :class:`~sandbox.world.fleet.LocalFleet`.
    """

    def __init__(  # noqa: PLR0913  # what a fleet is made of, each named
        self,
        *,
        kind: type[SharedSandbox],
        plain: type[Sandbox],
        runtime: Runtime,
        initial_state: Callable[[], SandboxState],
        connect: "Callable[[SharedFleet], Store]",
        now: Callable[[], float],
        capacity: int,
        idle_seconds: float,
        id_key: bytes,
        strict: bool,
        on_removed: Callable[[World], object],
    ) -> None:
        self._kind = kind
        self._plain = plain
        self._runtime = runtime
        self._initial_state = initial_state
        self._connect = connect
        self._now = now
        self._capacity = capacity
        self.expiry = Expiry(idle_seconds)
        self._id_key = id_key
        self._strict = strict
        self._on_removed = on_removed
        self._known_size = 0
        # Without a store, calls without a token have a world in memory, which is never used.
        self.anonymous = SandboxSlot("", plain(initial_state(), runtime), now())

    def begin(self) -> None:
        """Connect to the store. What is in it is read when it is asked for, so a store may be down at the moment."""
        self._store = self._connect(self)
        self._copies = Copies(
            self._store,
            self._kind,
            self._runtime,
            self.id_of_key,
            self._now,
            self._capacity,
            self._on_removed,
        )
        self._register = Register(self._store, self._capacity, self.expiry)
        self._keeper = Keeper(self._store, self._copies, self._register, self.expiry, self._now)
        self._new_worlds = NewWorlds(self._store, self._plain, self._runtime, self.expiry)
        self._store.begin()

    def close(self) -> None:
        """Close the connections to the store. The worlds cannot be used any more."""
        self._store.close()

    @property
    def failure(self) -> str | None:
        """One line that says why the store is unavailable, or None."""
        return self._store.courier.failure

    # Leases

    @contextmanager
    def using(self, key: WorldKey) -> Iterator[Lease]:
        """Lease the world of ``key`` until the block ends. Raises what :meth:`acquire` raises."""
        lease = self.acquire(key)
        try:
            yield lease
        finally:
            self.release(lease)

    @contextmanager
    def using_id(self, sandbox_id: str) -> Iterator[Lease]:
        """Lease the world of an id until the block ends. Raises UnknownSandbox."""
        slot = self._copies.followed(_checked(sandbox_id), None)
        if slot is None:
            raise UnknownSandbox(sandbox_id)
        lease = self._leased(slot, slot.world.generation)
        try:
            yield lease
        finally:
            self.release(lease)

    def acquire(self, key: WorldKey, *, optimistic: bool = False) -> Lease:
        """Lease the world of ``key``, with all changes that were answered before, unless the call is optimistic.

        Raises FleetFull, UndeclaredWorld and StoreUnavailable.
        """
        world_id = self.id_of_key(key)
        at_hand = self._copies.optimistic(world_id, key) if optimistic else None
        if at_hand is not None:
            return self._leased(*at_hand)
        slot = self._copies.followed(world_id, key)
        while slot is None:
            self._add(world_id, key)
            slot = self._copies.followed(world_id, key)
        return self._leased(slot, slot.world.generation)

    def release(self, lease: Lease) -> None:
        """End the use that :meth:`acquire` began."""
        if isinstance(lease.slot, SharedSlot):
            self._copies.release(lease.slot)

    def lease_anonymous(self, *, optimistic: bool = False) -> Lease:
        """Lease the world of the requests without a token like :meth:`acquire`."""
        at_hand = self._copies.optimistic(ANONYMOUS, "") if optimistic else None
        if at_hand is not None:
            return self._leased_anonymous(*at_hand)
        slot = self._copies.followed(ANONYMOUS, "")
        while slot is None:
            self._new_worlds.begin(ANONYMOUS, self._initial_state(), "", for_ever=True)
            slot = self._copies.followed(ANONYMOUS, "")
        return self._leased_anonymous(slot, slot.world.generation)

    def _leased_anonymous(self, slot: SharedSlot, generation: int) -> Lease:
        self.anonymous = slot
        return Lease(slot, slot.world, generation)

    def _leased(self, slot: SharedSlot, generation: int) -> Lease:
        self._keeper.keep(slot)
        self._copies.use(slot)
        return Lease(slot, slot.world, generation)

    # New worlds

    def _add(self, world_id: str, key: WorldKey) -> None:
        name = key.text if isinstance(key, WorldName) else None
        if self._strict:
            raise UndeclaredWorld(name)
        self._register.admit(world_id)
        token = key if isinstance(key, str) else ""
        self._new_worlds.begin(world_id, self._initial_state(), text_of_label(world_id, name, token))

    def declare(
        self, name: WorldName, token: str, state: SandboxState, ttl_seconds: float | None = None
    ) -> SandboxSlot:
        """Add a world in ``state``, which ``name`` and ``token`` select, and return its slot.

        It ends ``ttl_seconds`` from now, if that is given. Raises NameTaken, FleetFull and StoreUnavailable.
        """
        world_id = self.id_of_key(name)
        if self._copies.followed(world_id, name) is not None:
            raise NameTaken(name.text)
        self._register.admit(world_id, ttl_seconds)
        mark = self._new_worlds.select_by(self.id_of_key(token), name, ttl_seconds)
        label = text_of_label(world_id, name.text, token)
        has_begun = self._new_worlds.begin(world_id, state, label, seconds_left=ttl_seconds, mark=mark)
        slot = self._copies.followed(world_id, name)
        if not has_begun or slot is None:
            raise NameTaken(name.text)
        return slot

    # All worlds

    def __len__(self) -> int:
        """Return the number of sandboxes; while the store is unavailable, that of before."""
        with suppress(StoreUnavailable):
            self._known_size = self._register.size()
        return self._known_size

    def summaries(self) -> Iterator[Summary]:
        """Iterate over what a list says of the sandboxes, least recently used first. Raises StoreUnavailable."""
        return self._register.summaries()

    def journals(self) -> Iterator[tuple[str, list[NumberedEntry]]]:
        """Iterate over the journals of all worlds. Raises StoreUnavailable."""
        for slot in self._all():
            yield slot.label, slot.world.numbered_entries()

    def worlds(self) -> Iterator[World]:
        """Iterate over all worlds, that of the requests without a token first. Raises StoreUnavailable."""
        for slot in self._all():
            yield slot.world

    def _all(self) -> Iterator[SharedSlot]:
        lease = self.lease_anonymous()
        assert isinstance(lease.slot, SharedSlot)
        yield lease.slot
        for world_id, _ in self._register.used():
            slot = self._copies.followed(world_id, None)
            if slot is not None:
                yield slot

    def drop(self, sandbox_id: str) -> None:
        """Forget a sandbox; its sleeping calls wake, and its token or name begins anew. Raises UnknownSandbox."""
        was_there = self._register.drop(_checked(sandbox_id))
        slot = self._copies.get(sandbox_id)
        if slot is not None:
            self._copies.forget(slot)
        if not was_there:
            raise UnknownSandbox(sandbox_id)

    # Ids and labels

    def id_of_key(self, key: WorldKey) -> str:
        """Return the id of the world that ``key`` has, had or would have."""
        if key == "":
            return ANONYMOUS
        kind, text = (b"name", key.text) if isinstance(key, WorldName) else (b"", key)
        data = text.encode(errors="surrogateescape")
        return blake2b(data, key=self._id_key, digest_size=16, person=kind).hexdigest()

    def text_of(self, slot: SandboxSlot) -> str:
        """Return the text by which the feed names the world of a slot."""
        return slot.label if isinstance(slot, SharedSlot) else ""

    def label_of(self, text: str) -> Label | None:
        """Return the label of the world that the feed names so; None for that of the requests without a token."""
        return label_of(text) if text else None

    # What other workers have done

    def wake(self, world_id: str) -> None:
        """Follow a world in which calls sleep, since a change may wake them. Raises StoreUnavailable."""
        slot = self._copies.get(world_id)
        if slot is not None:
            self._copies.wake(slot)

    def wake_all(self) -> None:
        """Follow all worlds in which calls sleep. Raises StoreUnavailable."""
        for slot in self._copies:
            self._copies.wake(slot)

    def keep_used(self) -> None:
        """Prolong the keys of the worlds that calls use, and forget copies that nobody has used for long."""
        self._keeper.keep_used()


def _checked(sandbox_id: str) -> str:
    """Return an id if there may be a sandbox of it. Raises UnknownSandbox."""
    if not _ID.fullmatch(sandbox_id):
        raise UnknownSandbox(sandbox_id)
    return sandbox_id
