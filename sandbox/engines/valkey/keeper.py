"""The keeper of the worlds that a worker uses: their keys do not expire, and unused copies are forgotten."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sandbox.engines.valkey.copies import Copies
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.expiry import Expiry
from sandbox.engines.valkey.register import Register
from sandbox.engines.valkey.slot import SharedSlot
from sandbox.engines.valkey.store import Store
from sandbox.world.errors import StoreUnavailable


class Keeper:
    """Prolongs the keys of ``copies`` as ``expiry`` says. ``now`` returns monotonic seconds."""

    def __init__(
        self, store: Store, copies: Copies, register: Register, expiry: Expiry, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._copies = copies
        self._register = register
        self._expiry = expiry
        self._now = now

    def keep_used(self) -> None:
        """Prolong the keys of the worlds that calls use, and forget copies that nobody has used for long.

        Calls that sleep follow their worlds, so that a copy is not given up because it has missed many changes.
        """
        for slot in self._copies:
            if slot.in_flight:
                # A world that cannot be read does not keep others from living on.
                with suppress(StoreUnavailable):
                    self._copies.wake(slot)
                    self.keep(slot)
            elif self._expiry.life and self._now() - slot.last_used > self._expiry.life:
                self._copies.forget(slot)

    def keep(self, slot: SharedSlot) -> None:
        """Prolong the keys of a world that is used, unless this was done lately. Raises StoreUnavailable."""
        store, now = self._store, self._now()
        if now - slot.kept_at < self._expiry.refresh:
            return
        slot.kept_at = now
        commands: list[Any] = [self._register.use([slot.id])]
        if self._expiry.life:
            seconds = min(self._expiry.life, max(slot.ends_at - now, 0.001))
            commands += [store.log(slot.id).keep(seconds), *store.sources.prolong(slot.world.digests)]
            if slot.mark:
                commands.append(("PEXPIRE", store.keys.world(slot.token_id).alias, int(seconds * 1000)))
        for reply in store.courier.ask(*commands):
            succeeded(reply)
