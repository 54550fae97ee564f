"""The fleet of a worker whose worlds are in the store: copies of those that it has served lately."""

import math
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from threading import Lock
from typing import Any, Final

from sandbox.engines.valkey.contents_codec import SavedContents, decode_contents, encode_contents
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.log import FOLLOWED_AT_ONCE, Alias, Saved, WorldLog
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.turn import Turn
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.world.errors import FleetFull, NameTaken, StoreUnavailable, UndeclaredWorld, UnknownSandbox
from sandbox.world.fleet import GRACE_SECONDS
from sandbox.world.interface import Lease, NumberedEntry, SandboxSlot, World
from sandbox.world.label import Label, Summary, masked
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldKey, WorldName, text_of

ANONYMOUS: Final = "anonymous"
"""The id of the world of the requests without a token in the store. It is not an id, so it has no label."""
_SEPARATOR: Final = "\x1f"
_LISTED_AT_ONCE: Final = 100


class SharedSlot(SandboxSlot):
    """The place of a copy. ``id`` is that of its world, and ``label`` says what lists say of it, as text.

    The key is unknown if the world was only ever used by its id. The keys in the store were last prolonged at
    ``kept_at``, in monotonic seconds.
    """

    __slots__ = ("id", "kept_at", "label", "mark")

    world: SharedSandbox

    def __init__(
        self,
        key: WorldKey | None,
        world: SharedSandbox,
        now: float,
        world_id: str,
        saved: Saved,
    ) -> None:
        super().__init__(key or "", world, now)
        self.id = world_id
        self.label = saved.label
        self.mark = saved.mark
        self.kept_at = now
        self.ends_at = math.inf if saved.seconds_left is None else now + saved.seconds_left


class SharedFleet:
    """The sandboxes of a store. This worker has copies of some of them, least recently used first.

    ``kind`` is the class of the copies, and ``plain`` that of a sandbox in memory with the same behaviour.
    ``initial_state`` returns the state of a new world, and ``now`` returns seconds and never goes back. ``id_key``
    is the key of the sandboxes' ids, which all servers share. The other arguments are those of
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
        self._idle_seconds = idle_seconds
        self._id_key = id_key
        self._strict = strict
        self._on_removed = on_removed
        self._lock = Lock()
        self._slots: OrderedDict[str, SharedSlot] = OrderedDict()
        # Declared worlds by the ids that worlds of their tokens would have.
        self._aliases: dict[str, SharedSlot] = {}
        self._opening: dict[str, Turn] = {}
        self._known_size = 0
        # It stands for the world of the calls without a token until that is leased, and is never used.
        self.anonymous = SandboxSlot("", plain(initial_state(), runtime), now())

    def begin(self) -> None:
        """Connect to the store. Its content is read when it is asked for, so the store may be down at the moment."""
        self._store = self._connect(self)

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
        slot = self._followed(sandbox_id, None)
        if slot is None:
            raise UnknownSandbox(sandbox_id)
        lease = self._leased(slot)
        try:
            yield lease
        finally:
            self.release(lease)

    def acquire(self, key: WorldKey) -> Lease:
        """Lease the world of ``key``, with all changes that were answered before.

        Raises FleetFull, UndeclaredWorld and StoreUnavailable.
        """
        world_id = self.id_of_key(key)
        slot = self._followed(world_id, key)
        while slot is None:
            self._add(world_id, key)
            slot = self._followed(world_id, key)
        return self._leased(slot)

    def release(self, lease: Lease) -> None:
        """End the use that :meth:`acquire` began."""
        slot = lease.slot
        with self._lock:
            slot.in_flight -= 1
            slot.last_used = self._now()

    def lease_anonymous(self) -> Lease:
        """Lease the world of the requests without a token, with all changes that were answered before."""
        slot = self._followed(ANONYMOUS, "")
        while slot is None:
            self._begin_world(ANONYMOUS, self._initial_state(), "", life=0)
            slot = self._followed(ANONYMOUS, "")
        self.anonymous = slot
        return Lease(slot, slot.world, slot.world.generation)

    def _leased(self, slot: SharedSlot) -> Lease:
        with self._lock:
            slot.in_flight += 1
            slot.last_used = self._now()
            if slot.id in self._slots:
                self._slots.move_to_end(slot.id)
        if self._idle_seconds and slot.last_used - slot.kept_at >= self._refresh_seconds:
            self._keep([slot])
        return Lease(slot, slot.world, slot.world.generation)

    # Copies

    def _followed(self, world_id: str, key: WorldKey | None) -> SharedSlot | None:
        """Return the slot of a world, whose copy has all changes until now, or None if there is no such world.

        The server-wide rules are up to date, too.
        """
        slot = self._known(world_id)
        if slot is None or (key is not None and not slot.key and slot.id != ANONYMOUS):
            return self._opened(world_id, key)
        world, rules = slot.world, self._store.rules
        since = world.position.number
        changes, of_server = self._store.courier.ask(world.see(), rules.see())
        rules.take(succeeded(of_server))
        succeeded(changes)
        if world.take(since, changes) and (
            not isinstance(changes, list) or len(changes) < FOLLOWED_AT_ONCE or world.follow()
        ):
            return slot
        self._forget(slot)
        return self._opened(world_id, key)

    def _known(self, world_id: str) -> SharedSlot | None:
        slot = self._slots.get(world_id)
        if slot is None:
            slot = self._aliases.get(world_id)
            if slot is not None and self._slots.get(slot.id) is not slot:
                del self._aliases[world_id]
                return None
        return slot

    def _opened(self, world_id: str, key: WorldKey | None) -> SharedSlot | None:
        """Load a world, unless another call does so already."""
        with self._lock:
            turn = self._opening.setdefault(world_id, self._store.turn())
        with turn:
            slot = self._known(world_id)
            if slot is None or (key is not None and not slot.key and slot.id != ANONYMOUS):
                slot = self._loaded(world_id, key)
        with self._lock:
            if not turn.is_awaited:
                self._opening.pop(world_id, None)
        return slot

    def _loaded(self, world_id: str, key: WorldKey | None) -> SharedSlot | None:
        log = self._log(world_id)
        self._store.rules.follow()
        saved = log.load()
        if saved is None:
            return None
        if isinstance(saved, Alias):
            name = WorldName(saved.name)
            slot = self._followed(self.id_of_key(name), name)
            if slot is None or slot.mark != saved.mark:
                # The world has ended, or another one has its name.
                return None
            self._aliases[world_id] = slot
            return slot
        world = self._copy(saved, key, log)
        if not world.take(saved.position.number, saved.entries) or not world.follow():
            return None
        slot = SharedSlot(key, world, self._now(), world_id, saved)
        with self._lock:
            self._slots[world_id] = slot
        self._forget_oldest()
        return slot

    def _copy(self, saved: Saved, key: WorldKey | None, log: WorldLog) -> SharedSandbox:
        store = self._store
        contents = decode_contents(saved.checkpoint, store.sources, store.rules, store.pause)
        text = "" if key is None else text_of(key)
        return self._kind(contents, self._runtime, text, store, log, saved.position, len(saved.checkpoint))

    def _forget(self, slot: SharedSlot) -> None:
        """Forget a copy."""
        with self._lock:
            if self._slots.get(slot.id) is not slot:
                return
            del self._slots[slot.id]
        slot.world.end()
        self._on_removed(slot.world)

    def _forget_oldest(self) -> None:
        """Forget copies that nobody uses, if there are more than the largest number of sandboxes."""
        while len(self._slots) > self._capacity + 1:
            oldest = next(
                (slot for slot in self._slots.values() if not slot.in_flight and slot.id != ANONYMOUS), None
            )
            if oldest is None:
                return
            self._forget(oldest)

    # New worlds

    def _add(self, world_id: str, key: WorldKey) -> None:
        if self._strict:
            raise UndeclaredWorld(key.text if isinstance(key, WorldName) else None)
        self._admit(world_id)
        name = key.text if isinstance(key, WorldName) else None
        token = key if isinstance(key, str) else ""
        self._begin_world(world_id, self._initial_state(), _label(world_id, name, token), life=self._life)

    def declare(
        self, name: WorldName, token: str, state: SandboxState, ttl_seconds: float | None = None
    ) -> SandboxSlot:
        """Add a world in ``state``, which ``name`` and ``token`` select, and return its slot.

        It ends ``ttl_seconds`` from now, if that is given. Raises NameTaken, FleetFull and StoreUnavailable.
        """
        world_id = self.id_of_key(name)
        if self._followed(world_id, name) is not None:
            raise NameTaken(name.text)
        self._admit(world_id)
        token_id = self.id_of_key(token)
        alias = self._store.keys.world(token_id).alias
        life = self._life if ttl_seconds is None else min(self._life or math.inf, ttl_seconds)
        expiry = ("PX", max(int(life * 1000), 1)) if life else ()
        # With the id of the token, so that the alias can be prolonged with the world.
        mark = f"{token_id}-{secrets.token_hex(8)}"
        succeeded(self._store.courier.ask(("SET", alias, Alias(name.text, mark).text, *expiry))[0])
        label = _label(world_id, name.text, token)
        has_begun = self._begin_world(
            world_id, state, label, life=self._life, seconds_left=ttl_seconds, mark=mark
        )
        if not has_begun:
            raise NameTaken(name.text)
        slot = self._followed(world_id, name)
        if slot is None:
            raise NameTaken(name.text)
        return slot

    def _admit(self, world_id: str) -> None:
        """Make room for a world. Raises FleetFull."""
        life = self._life * 1000
        (reply,) = self._store.courier.ask(
            (
                *("FCALL", "sandbox1_admit", 1, self._store.keys.used, world_id, self._capacity),
                *(int(life), int(GRACE_SECONDS * 1000)),
            )
        )
        dropped = succeeded(reply)
        if dropped == b"full":
            raise FleetFull(self._capacity)
        if dropped:
            self._log(dropped.decode()).drop()

    def _begin_world(
        self,
        world_id: str,
        state: SandboxState,
        label: str,
        *,
        life: float,
        seconds_left: float | None = None,
        mark: str = "",
    ) -> bool:
        store = self._store
        store.sources.keep_origin(state)
        # A sandbox in memory, since it may add to the state, like its place in the story.
        contents = SavedContents.begun(self._plain(state, self._runtime).state)
        checkpoint = encode_contents(contents, store.rules, store.pause)
        return self._log(world_id).begin(
            checkpoint, size=len(state.table), label=label, life=life, seconds_left=seconds_left, mark=mark
        )

    # All worlds

    def __len__(self) -> int:
        """Return the number of sandboxes; while the store is unavailable, the last one that is known."""
        try:
            (reply,) = self._store.courier.ask(("ZCARD", self._store.keys.used))
            self._known_size = succeeded(reply)
        except StoreUnavailable:
            pass
        return self._known_size

    def summaries(self) -> Iterator[Summary]:
        """Iterate over what a list says of the sandboxes, least recently used first. Raises StoreUnavailable."""
        keys = self._store.keys
        for some in _parts(self._used()):
            commands: list[Any] = [("TIME",)]
            for world_id, _ in some:
                world = keys.world(world_id)
                commands += [("HMGET", world.meta, "l", "z", "e"), ("HVALS", world.counts)]
            (seconds, micros), *replies = map(succeeded, self._store.courier.ask(*commands))
            now = int(seconds) + int(micros) / 1e6
            for (_, used_at), (label, size, ends), counts in zip(
                some, replies[::2], replies[1::2], strict=True
            ):
                if label is not None:
                    yield Summary(
                        _label_of(label.decode()),
                        int(size),
                        sum(map(int, counts)),
                        max(now - used_at, 0.0),
                        None if ends is None else int(ends) / 1000 - now,
                    )

    def journals(self) -> Iterator[tuple[str, list[NumberedEntry]]]:
        """Iterate over the journals of all worlds. Raises StoreUnavailable."""
        for world in self._all():
            yield world.label, world.world.numbered_entries()

    def worlds(self) -> Iterator[World]:
        """Iterate over all worlds, that of the requests without a token first. Raises StoreUnavailable."""
        for slot in self._all():
            yield slot.world

    def _all(self) -> Iterator[SharedSlot]:
        lease = self.lease_anonymous()
        assert isinstance(lease.slot, SharedSlot)
        yield lease.slot
        for world_id, _ in self._used():
            slot = self._followed(world_id, None)
            if slot is not None:
                yield slot

    def _used(self) -> list[tuple[str, float]]:
        """Return the ids of all sandboxes with the time of their last use in Unix seconds, the oldest first."""
        (reply,) = self._store.courier.ask(("ZRANGE", self._store.keys.used, 0, -1, "WITHSCORES"))
        pairs = iter(succeeded(reply))
        return [(world_id.decode(), float(at) / 1000) for world_id, at in zip(pairs, pairs, strict=True)]

    def drop(self, sandbox_id: str) -> None:
        """Forget a sandbox; its sleeping calls wake, and its token or name begins anew. Raises UnknownSandbox."""
        store = self._store
        (reply,) = store.courier.ask(("ZREM", store.keys.used, sandbox_id))
        was_there = self._log(sandbox_id).drop() if sandbox_id != ANONYMOUS else False
        slot = self._slots.get(sandbox_id)
        if slot is not None and slot.id != ANONYMOUS:
            self._forget(slot)
        if not (was_there or succeeded(reply)):
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
        """Return the label of the world that is ``text`` in the feed; None for that of the requests without a token."""
        return _label_of(text) if text else None

    # What other workers have done

    def wake(self, world_id: str) -> None:
        """Follow a world in which calls sleep, since a change may wake them."""
        slot = self._slots.get(world_id)
        if slot is not None and slot.world.sleeping and not slot.world.follow():
            self._forget(slot)

    def wake_all(self) -> None:
        """Follow all worlds in which calls sleep."""
        for world_id in [slot.id for slot in list(self._slots.values()) if slot.world.sleeping]:
            self.wake(world_id)

    def keep_used(self) -> None:
        """Prolong the keys of the worlds that calls use, and forget copies that nobody has used for long."""
        if not self._idle_seconds:
            return
        now = self._now()
        slots = [slot for slot in list(self._slots.values()) if slot.id != ANONYMOUS]
        for slot in slots:
            if slot.in_flight and now - slot.kept_at >= self._refresh_seconds:
                self._keep([slot])
            elif not slot.in_flight and now - slot.last_used > self._life:
                self._forget(slot)

    def _keep(self, slots: list[SharedSlot]) -> None:
        now = self._now()
        commands: list[Any] = [
            ("FCALL", "sandbox1_use", 1, self._store.keys.used, *(slot.id for slot in slots))
        ]
        for slot in slots:
            slot.kept_at = now
            seconds = min(self._life, max(slot.ends_at - now, 0.001))
            commands.append(self._log(slot.id).keep(seconds))
            if slot.mark:
                alias = self._store.keys.world(slot.mark.partition("-")[0]).alias
                commands.append(("PEXPIRE", alias, int(seconds * 1000)))
        for reply in self._store.courier.ask(*commands):
            succeeded(reply)

    @property
    def _refresh_seconds(self) -> float:
        """The time after which the keys of a world that is used are prolonged."""
        return min(self._idle_seconds / 20, 10.0)

    @property
    def _life(self) -> float:
        """The time after which unused keys expire: never before the idle time, whoever has prolonged them last."""
        return self._idle_seconds + self._refresh_seconds if self._idle_seconds else 0.0

    def _log(self, world_id: str) -> WorldLog:
        store = self._store
        return WorldLog(world_id, store.keys, store.courier, store.nonces)


def _label(world_id: str, name: str | None, token: str) -> str:
    return _SEPARATOR.join((world_id, name or "", masked(token) if token else ""))


def _label_of(text: str) -> Label:
    world_id, name, token = text.split(_SEPARATOR)
    return Label(world_id, name or None, token or None)


def _parts(used: list[tuple[str, float]]) -> Iterator[list[tuple[str, float]]]:
    for at in range(0, len(used), _LISTED_AT_ONCE):
        yield used[at : at + _LISTED_AT_ONCE]
