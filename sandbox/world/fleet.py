"""The fleet: all sandboxes by token or name. One token, one world; one name, one world.

A sandbox appears on the first request of its token or name, or is declared before. One that was idle for
``idle_seconds`` expires. At capacity, the one that was idle longest is dropped. A sandbox in use is never dropped: if
none is idle, a new one is refused. A declared sandbox may have an end, which does not wait for its requests.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from threading import Lock

from sandbox.world.engine import Engine
from sandbox.world.errors import FleetFull, NameTaken, UndeclaredWorld, UnknownSandbox
from sandbox.world.interface import Lease, NumberedEntry, SandboxSlot, World
from sandbox.world.journal import Key
from sandbox.world.label import Label, Summary, masked
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldKey, WorldName, key_of, text_of

GRACE_SECONDS = 60.0
"""At capacity, a sandbox counts as idle and may be dropped once it was unused for this long."""
MAX_EXPIRED_AT_ONCE = 100
"""Number of expired sandboxes, and of those that have ended, that one request forgets. The next ones forget the others.

It takes 20 ms if the sandboxes are in a file.
"""


class LocalFleet:
    """All sandboxes by token or name, least recently used first.

    ``engine`` launches worlds, and may have kept some of an earlier process. ``now`` returns seconds and never goes
    back (``time.monotonic``). ``idle_seconds`` 0 means that sandboxes do not expire by age. ``id_key`` is the key of
    the sandboxes' public ids: with the same key, the same tokens and names have the same ids.
    ``strict`` refuses worlds that were not declared.

    ``on_removed`` is called with each world that the fleet has ended and forgotten, while a request waits: it must not
    take long.

    ``anonymous`` is the slot of the requests without a token. It is not one of the fleet's sandboxes.
    """

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], float],
        capacity: int,
        idle_seconds: float,
        id_key: bytes = b"",
        *,
        strict: bool = False,
        on_removed: Callable[[World], object] = lambda _world: None,
    ) -> None:
        self._engine = engine
        self._now = now
        self._capacity = capacity
        self._idle_seconds = idle_seconds
        self._id_key = id_key
        self._strict = strict
        self._on_removed = on_removed
        self._slots: OrderedDict[WorldKey, SandboxSlot] = OrderedDict()
        # The declared worlds by their own tokens, and those that have an end. All of them are in _slots too.
        self._by_token: dict[str, SandboxSlot] = {}
        self._ending: dict[WorldKey, SandboxSlot] = {}
        # No sandbox expires before: a use only postpones that, and there is no need to look at each request.
        self._next_expiry = math.inf
        self._lock = Lock()
        self.anonymous = SandboxSlot("", engine.launch(""), now())

    @property
    def failure(self) -> None:
        """Worlds in memory can always be used."""
        return

    def begin(self) -> None:
        """Take over the worlds that the engine has kept. Their idle time begins now.

        A server calls this once, in the process that answers.
        """
        now = self._now()
        for key, world, token, seconds_left in self._engine.kept():
            if key == "":
                self.anonymous.world = world
                continue
            slot = self._slots[key] = SandboxSlot(key, world, now)
            if token:
                self._select_by(slot, token, now, seconds_left)
            if self._idle_seconds:
                self._next_expiry = min(self._next_expiry, now + self._idle_seconds)

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[SandboxSlot]:
        """Iterate over the slots of this moment, least recently used first."""
        with self._lock:
            if not self._ending:
                return iter(list(self._slots.values()))
            now = self._now()
            self._end_due(now)
            return iter([slot for slot in self._slots.values() if slot.ends_at > now])

    def worlds(self) -> list[World]:
        """Return all worlds, that of the requests without a token first."""
        return [self.anonymous.world, *(slot.world for slot in self)]

    def summaries(self) -> Iterator[Summary]:
        """Iterate over what a list says of the sandboxes of this moment, least recently used first."""
        for slot in self:
            yield Summary(
                self._label(slot.key, slot.token),
                slot.world.size,
                slot.world.count_calls(Key()),
                self._now() - slot.last_used,
                None if slot.ends_at == math.inf else slot.ends_at - self._now(),
            )

    def journals(self) -> Iterator[tuple[str, list[NumberedEntry]]]:
        """Iterate over the journals of all worlds, each with the text of its world."""
        for slot in (self.anonymous, *self):
            yield self.text_of(slot), slot.world.numbered_entries()

    def text_of(self, slot: SandboxSlot) -> str:
        """Return the text by which the feed names the world of a slot."""
        return text_of(slot.key)

    def label_of(self, text: str) -> Label | None:
        """Return the label of the world that the feed names so; None for that of the requests without a token."""
        if not text:
            return None
        key = key_of(text)
        return self._label(key, "" if isinstance(key, WorldName) else key)

    @contextmanager
    def using(self, key: WorldKey) -> Iterator[Lease]:
        """Lease the world of ``key`` until the block ends. Raises FleetFull and UndeclaredWorld."""
        lease = self.acquire(key)
        try:
            yield lease
        finally:
            self.release(lease)

    @contextmanager
    def using_id(self, sandbox_id: str) -> Iterator[Lease]:
        """Lease the world of an id until the block ends. Raises UnknownSandbox."""
        slot = self._find(sandbox_id)
        with self._lock:
            if self._slots.get(slot.key) is not slot:
                raise UnknownSandbox(sandbox_id)
            lease = self._leased(slot, self._now())
        try:
            yield lease
        finally:
            self.release(lease)

    def acquire(self, key: WorldKey, *, optimistic: bool = False) -> Lease:
        """Lease the world of ``key``; call :meth:`release` when the request is over.

        Raises FleetFull and UndeclaredWorld.
        """
        with self._lock:
            now = self._now()
            if now >= self._next_expiry:
                self._expire(now)
            return self._leased(self._known(key, now) or self._add(key, now), now)

    def declare(
        self, name: WorldName, token: str, state: SandboxState, ttl_seconds: float | None = None
    ) -> SandboxSlot:
        """Add a world in ``state``, which ``name`` and ``token`` select, and return its slot.

        It ends ``ttl_seconds`` from now, if that is given. Raises NameTaken, FleetFull and StorageFailed.
        """
        with self._engine.prepared(state), self._lock:
            now = self._now()
            if now >= self._next_expiry:
                self._expire(now)
            if self._known(name, now) is not None:
                raise NameTaken(name.text)
            self._make_room(now)
            slot = self._added(name, self._engine.declare(name, token, state, ttl_seconds), now)
            self._select_by(slot, token, now, ttl_seconds)
            return slot

    def release(self, lease: Lease) -> None:
        """End the use that :meth:`acquire` began."""
        slot = lease.slot
        with self._lock:
            slot.in_flight -= 1
            if self._slots.get(slot.key) is slot:
                slot.last_used = self._now()
                self._slots.move_to_end(slot.key)

    def lease_anonymous(self, *, optimistic: bool = False) -> Lease:
        """Lease the world of the requests without a token. It needs no release, since it is never dropped."""
        world = self.anonymous.world
        return Lease(self.anonymous, world, world.generation)

    def drop(self, sandbox_id: str) -> None:
        """Forget a sandbox; its sleeping calls wake, and its token or name begins anew. Raises UnknownSandbox."""
        slot = self._find(sandbox_id)
        with self._lock:
            if self._slots.get(slot.key) is slot:
                self._remove(slot)

    def id_of_key(self, key: WorldKey) -> str:
        """Return the public id of the sandbox that ``key`` has, had or would have."""
        kind, text = (b"name", key.text) if isinstance(key, WorldName) else (b"", key)
        data = text.encode(errors="surrogateescape")
        return blake2b(data, key=self._id_key, digest_size=8, person=kind).hexdigest()

    def _label(self, key: WorldKey, token: str) -> Label:
        name = key.text if isinstance(key, WorldName) else None
        return Label(self.id_of_key(key), name, masked(token) if token else None)

    def _find(self, sandbox_id: str) -> SandboxSlot:
        for slot in self:
            if self.id_of_key(slot.key) == sandbox_id:
                return slot
        raise UnknownSandbox(sandbox_id)

    def _leased(self, slot: SandboxSlot, now: float) -> Lease:
        self._slots.move_to_end(slot.key)
        slot.in_flight += 1
        slot.last_used = now
        return Lease(slot, slot.world, slot.world.generation)

    def _select_by(self, slot: SandboxSlot, token: str, now: float, seconds_left: float | None) -> None:
        """Let ``token`` select a declared world, which ends in ``seconds_left``, if that is given."""
        slot.token = token
        self._by_token[token] = slot
        if seconds_left is not None:
            slot.ends_at = now + seconds_left
            self._ending[slot.key] = slot
            self._next_expiry = min(self._next_expiry, slot.ends_at)

    def _known(self, key: WorldKey, now: float) -> SandboxSlot | None:
        slot = self._slots.get(key)
        if slot is None and isinstance(key, str):
            slot = self._by_token.get(key)
        if slot is not None and now >= self._next_expiry and self._has_expired(slot, now):
            # One of many that expired at once, which is still to be forgotten.
            self._remove(slot)
            return None
        return slot

    def _has_expired(self, slot: SandboxSlot, now: float) -> bool:
        idle_seconds = self._idle_seconds
        if slot.ends_at <= now:
            return True
        return bool(idle_seconds) and not slot.in_flight and now - slot.last_used >= idle_seconds

    def _add(self, key: WorldKey, now: float) -> SandboxSlot:
        if self._strict:
            raise UndeclaredWorld(key.text if isinstance(key, WorldName) else None)
        self._make_room(now)
        return self._added(key, self._engine.launch(key), now)

    def _added(self, key: WorldKey, world: World, now: float) -> SandboxSlot:
        slot = self._slots[key] = SandboxSlot(key, world, now)
        if self._idle_seconds:
            self._next_expiry = min(self._next_expiry, now + self._idle_seconds)
        return slot

    def _remove(self, slot: SandboxSlot) -> None:
        del self._slots[slot.key]
        self._ending.pop(slot.key, None)
        if slot.name is not None:
            self._by_token.pop(slot.token, None)
        slot.world.end()
        self._on_removed(slot.world)

    def _expire(self, now: float) -> None:
        self._end_due(now)
        next_idle = math.inf
        if self._idle_seconds:
            for _ in range(MAX_EXPIRED_AT_ONCE):
                oldest = self._oldest_idle(now, self._idle_seconds)
                if oldest is None:
                    break
                self._remove(oldest)
            first = next(iter(self._slots.values()), None)
            next_idle = math.inf if first is None else first.last_used + self._idle_seconds
        self._next_expiry = min([next_idle, *(slot.ends_at for slot in self._ending.values())])

    def _end_due(self, now: float) -> None:
        due = (slot for slot in self._ending.values() if slot.ends_at <= now)
        for slot in list(islice(due, MAX_EXPIRED_AT_ONCE)):
            self._remove(slot)

    def _make_room(self, now: float) -> None:
        if len(self._slots) < self._capacity:
            return
        oldest = self._oldest_idle(now, GRACE_SECONDS)
        if oldest is None:
            raise FleetFull(self._capacity)
        self._remove(oldest)

    def _oldest_idle(self, now: float, seconds: float) -> SandboxSlot | None:
        """Return the sandbox that was idle longest, if it was idle for ``seconds`` or more."""
        while self._slots:
            slot = next(iter(self._slots.values()))
            if now - slot.last_used < seconds:
                return None
            if not slot.in_flight:
                return slot
            # In use all that time, so it was used just now: it moves away from the end that is examined.
            slot.last_used = now
            self._slots.move_to_end(slot.key)
        return None
