"""The fleet: all sandboxes by token. One token, one world.

A sandbox appears on the first request of its token. One that was idle for ``idle_seconds`` expires. At capacity, the
one that was idle longest is dropped. A sandbox in use is never dropped: if none is idle, a new token is refused.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple

from sandbox.world.errors import FleetFull, UnknownSandbox
from sandbox.world.interface import World

GRACE_SECONDS = 60.0
"""At capacity, a sandbox counts as idle and may be dropped once it was unused for this long."""


class SandboxSlot:
    """The place of one token's world in the fleet.

    ``in_flight`` is the number of requests that use the world, ``last_used`` is monotonic seconds.
    """

    __slots__ = ("in_flight", "last_used", "token", "world")

    def __init__(self, token: str, world: World, now: float) -> None:
        self.token = token
        self.world = world
        self.in_flight = 0
        self.last_used = now


class Lease(NamedTuple):
    """The use of a world by one request. ``generation`` is the one that the request's writes are for."""

    slot: SandboxSlot
    world: World
    generation: int


class Fleet:
    """All sandboxes by token, least recently used first.

    ``launch`` returns a new world for a token. ``now`` returns seconds and never goes back (``time.monotonic``).
    ``idle_seconds`` 0 means that sandboxes do not expire by age. ``id_key`` is the key of the sandboxes' public ids:
    with the same key, the same tokens have the same ids.

    ``anonymous`` is the slot of the requests without a token. It is not one of the fleet's sandboxes.
    """

    def __init__(
        self,
        launch: Callable[[str], World],
        now: Callable[[], float],
        capacity: int,
        idle_seconds: float,
        id_key: bytes = b"",
    ) -> None:
        self._launch = launch
        self._now = now
        self._capacity = capacity
        self._idle_seconds = idle_seconds
        self._id_key = id_key
        self._slots: OrderedDict[str, SandboxSlot] = OrderedDict()
        # No sandbox expires before: a use only postpones that, and there is no need to look at each request.
        self._next_expiry = math.inf
        self._lock = Lock()
        self.anonymous = SandboxSlot("", launch(""), now())

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[SandboxSlot]:
        """Iterate over the slots of this moment, least recently used first."""
        with self._lock:
            return iter(list(self._slots.values()))

    def worlds(self) -> list[World]:
        """Return all worlds, that of the requests without a token first."""
        return [self.anonymous.world, *(slot.world for slot in self)]

    @contextmanager
    def using(self, token: str) -> Iterator[Lease]:
        """Lease the world of ``token`` until the block ends. Raises FleetFull."""
        lease = self.acquire(token)
        try:
            yield lease
        finally:
            self.release(lease)

    def acquire(self, token: str) -> Lease:
        """Lease the world of ``token``; call :meth:`release` when the request is over. Raises FleetFull."""
        with self._lock:
            now = self._now()
            if now >= self._next_expiry:
                self._expire(now)
            slot = self._slots.get(token)
            if slot is None:
                self._make_room(now)
                slot = self._slots[token] = SandboxSlot(token, self._launch(token), now)
                if self._idle_seconds:
                    self._next_expiry = min(self._next_expiry, now + self._idle_seconds)
            else:
                self._slots.move_to_end(token)
            slot.in_flight += 1
            slot.last_used = now
            return Lease(slot, slot.world, slot.world.generation)

    def release(self, lease: Lease) -> None:
        """End the use that :meth:`acquire` began."""
        slot = lease.slot
        with self._lock:
            slot.in_flight -= 1
            if self._slots.get(slot.token) is slot:
                slot.last_used = self._now()
                self._slots.move_to_end(slot.token)

    def lease_anonymous(self) -> Lease:
        """Lease the world of the requests without a token. It needs no release, since it is never dropped."""
        world = self.anonymous.world
        return Lease(self.anonymous, world, world.generation)

    def drop(self, sandbox_id: str) -> None:
        """Forget a sandbox; its sleeping calls wake, and its token begins anew. Raises UnknownSandbox."""
        slot = self._find(sandbox_id)
        with self._lock:
            if self._slots.get(slot.token) is slot:
                del self._slots[slot.token]
        slot.world.end()

    def token_of(self, sandbox_id: str) -> str:
        """Return the token of a sandbox. Raises UnknownSandbox."""
        return self._find(sandbox_id).token

    def id_of(self, slot: SandboxSlot) -> str:
        """Return the public id of a sandbox, which does not reveal its token."""
        return self.id_of_token(slot.token)

    def id_of_token(self, token: str) -> str:
        """Return the public id of the sandbox that ``token`` has, had or would have."""
        return blake2b(token.encode(errors="surrogateescape"), key=self._id_key, digest_size=8).hexdigest()

    def idle_for(self, slot: SandboxSlot) -> float:
        """Return the seconds since a request last began or ended in this sandbox."""
        return self._now() - slot.last_used

    def _find(self, sandbox_id: str) -> SandboxSlot:
        for slot in self:
            if self.id_of(slot) == sandbox_id:
                return slot
        raise UnknownSandbox(sandbox_id)

    def _expire(self, now: float) -> None:
        while oldest := self._oldest_idle(now, self._idle_seconds):
            del self._slots[oldest]
        first = next(iter(self._slots.values()), None)
        self._next_expiry = math.inf if first is None else first.last_used + self._idle_seconds

    def _make_room(self, now: float) -> None:
        if len(self._slots) < self._capacity:
            return
        oldest = self._oldest_idle(now, GRACE_SECONDS)
        if oldest is None:
            raise FleetFull(self._capacity)
        del self._slots[oldest]

    def _oldest_idle(self, now: float, seconds: float) -> str | None:
        """Return the token that was idle longest, if it was idle for ``seconds`` or more."""
        while self._slots:
            token, slot = next(iter(self._slots.items()))
            if now - slot.last_used < seconds:
                return None
            if not slot.in_flight:
                return token
            # In use all that time, so it was used just now: it moves away from the end that is examined.
            slot.last_used = now
            self._slots.move_to_end(token)
        return None
