"""The scenarios of worlds in the store: each worker can make the tables in which the worlds have begun."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final

from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.keys import Keys
from sandbox.engines.valkey.topology import Command
from sandbox.seeding.source import source_of
from sandbox.world.changes import Change, GenerationBegun
from sandbox.world.errors import StoreUnavailable
from sandbox.world.origin import Source
from sandbox.world.pause import Pause
from sandbox.world.state import SandboxState

MAX_KNOWN: Final = 16
"""The most sources that a worker keeps in memory besides those of its copies."""


class Sources:
    """The sources of worlds, by their digests. Those that this worker does not know are read from the store.

    They expire after twice ``life`` seconds, unless they are prolonged, or if ``life`` is 0.
    """

    def __init__(self, keys: Keys, courier: Courier, pause: Pause, life: float) -> None:
        self._keys = keys
        self._courier = courier
        self._pause = pause
        # Longer than the worlds, which are written or prolonged later.
        self._milliseconds = int(life * 2000)
        self._lock = Lock()
        self._known: OrderedDict[str, Source] = OrderedDict()

    def __call__(self, digest: str) -> Source:
        """Return the source of a digest. Raises StoreUnavailable."""
        source = self._known.get(digest)
        if source is None:
            (reply,) = self._courier.ask_apart(("GET", self._keys.source(digest)))
            document = succeeded(reply)
            if document is None:
                raise StoreUnavailable(
                    "the scenario of a world is missing: were keys evicted, or deleted by hand?"
                )
            source = source_of(document.split(b"\n"), self._pause)
        return self._remembered(digest, source)

    def keep(self, change: Change) -> None:
        """Write the source of the state of a change, if it has one. Raises StoreUnavailable."""
        if isinstance(change, GenerationBegun):
            self.keep_origin(change.state)

    def keep_origin(self, state: SandboxState, *, for_ever: bool = False) -> None:
        """Write the source of a state, unless it is in the store already. Raises StoreUnavailable."""
        if state.origin is None:
            return
        source = state.origin.source
        digest = source.digest(self._pause)
        self._remembered(digest, source)
        key = self._keys.source(digest)
        is_permanent = for_ever or not self._milliseconds
        prolonging = ("PERSIST", key) if is_permanent else self._prolonging(key)
        is_there, _ = map(succeeded, self._courier.ask(("EXISTS", key), prolonging))
        if not is_there:
            # It never changes, so that a second worker that writes it does no harm.
            expiry = () if is_permanent else ("PX", self._milliseconds)
            (reply,) = self._courier.ask_apart(("SET", key, b"\n".join(source.document()), *expiry))
            succeeded(reply)

    def prolong(self, digests: Iterable[str]) -> list[Command]:
        """Return the commands that let sources live on."""
        if not self._milliseconds:
            return []
        return [self._prolonging(self._keys.source(digest)) for digest in digests]

    def _prolonging(self, key: str) -> Command:
        # Not if it has no end, since a world without one has begun in it.
        return ("PEXPIRE", key, self._milliseconds, "GT")

    def _remembered(self, digest: str, source: Source) -> Source:
        with self._lock:
            known = self._known.setdefault(digest, source)
            self._known.move_to_end(digest)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return known
