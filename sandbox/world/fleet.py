"""The fleet: all sandboxes, by token. One token, one world.

A sandbox appears on its token's first request. One that was idle for ``idle_seconds`` expires; at capacity
the one that was idle longest goes first. A sandbox in use is never dropped: where none is idle, the
newcomer is refused.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from sandbox.world.errors import FleetFull
from sandbox.world.sandbox import Sandbox

GRACE_SECONDS = 60.0
"""At capacity, a sandbox that nobody called for so long counts as idle and may go."""


class SandboxSlot:
    """The place of a token's sandbox: a reset puts another sandbox into it.

    ``in_flight`` counts the requests that are under way in it, ``last_used`` is monotonic seconds.
    """

    __slots__ = ("in_flight", "last_used", "sandbox", "token")

    def __init__(self, token: str, sandbox: Sandbox, now: float) -> None:
        self.token = token
        self.sandbox = sandbox
        self.in_flight = 0
        self.last_used = now


class Fleet:
    """All sandboxes, by token, least recently used first.

    ``launch`` makes the sandbox of a token. ``now`` counts seconds and never goes back
    (``time.monotonic``). ``idle_seconds`` 0 means that idle sandboxes never expire by age.
    """

    def __init__(
        self, launch: Callable[[str], Sandbox], now: Callable[[], float], capacity: int, idle_seconds: float
    ) -> None:
        self._launch = launch
        self._now = now
        self._capacity = capacity
        self._idle_seconds = idle_seconds
        self._slots: OrderedDict[str, SandboxSlot] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[SandboxSlot]:
        """The slots of this moment, least recently used first."""
        with self._lock:
            return iter(list(self._slots.values()))

    @contextmanager
    def using(self, token: str) -> Iterator[Sandbox]:
        """The sandbox of ``token``, which counts as in use until the block ends. Raises FleetFull."""
        slot = self.enter(token)
        try:
            yield slot.sandbox
        finally:
            self.leave(slot)

    def enter(self, token: str) -> SandboxSlot:
        """Like :meth:`using`, for a use that does not end with a block: call :meth:`leave` when it does."""
        with self._lock:
            now = self._now()
            self._expire(now)
            slot = self._slots.get(token)
            if slot is None:
                self._make_room(now)
                slot = self._slots[token] = SandboxSlot(token, self._launch(token), now)
            else:
                self._slots.move_to_end(token)
            slot.in_flight += 1
            slot.last_used = now
            return slot

    def leave(self, slot: SandboxSlot) -> None:
        """The use that ``enter`` began is over."""
        with self._lock:
            slot.in_flight -= 1
            if self._slots.get(slot.token) is slot:
                slot.last_used = self._now()
                self._slots.move_to_end(slot.token)

    def replace(self, slot: SandboxSlot, change: Callable[[Sandbox], Sandbox]) -> Sandbox:
        """Put what ``change`` makes of the sandbox in its place, in one step. Answers the new one.

        What sleeps in the old sandbox is woken; what is under way there ends there and cannot touch the new one.
        """
        with self._lock:
            old = slot.sandbox
            new = slot.sandbox = change(old)
        old.sleepers.end()
        return new

    def drop(self, slot: SandboxSlot) -> None:
        """Forget a sandbox; what is under way in it ends there."""
        with self._lock:
            if self._slots.get(slot.token) is slot:
                del self._slots[slot.token]
        slot.sandbox.sleepers.end()

    def idle_for(self, slot: SandboxSlot) -> float:
        """For how many seconds nobody began or ended a call in this sandbox."""
        return self._now() - slot.last_used

    def _expire(self, now: float) -> None:
        while self._idle_seconds and (oldest := self._oldest_idle(now, self._idle_seconds)):
            del self._slots[oldest]

    def _make_room(self, now: float) -> None:
        if len(self._slots) < self._capacity:
            return
        oldest = self._oldest_idle(now, GRACE_SECONDS)
        if oldest is None:
            raise FleetFull(self._capacity)
        del self._slots[oldest]

    def _oldest_idle(self, now: float, seconds: float) -> str | None:
        """The token that was idle longest, if that is ``seconds`` or more."""
        while self._slots:
            token, slot = next(iter(self._slots.items()))
            if now - slot.last_used < seconds:
                return None
            if not slot.in_flight:
                return token
            # In use for that long, so used just now: it moves away from the end that is looked at.
            slot.last_used = now
            self._slots.move_to_end(token)
        return None
