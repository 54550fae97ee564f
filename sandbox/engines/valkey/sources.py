"""The scenarios of worlds in the store: each worker can make the tables in which the worlds have begun."""

from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.keys import Keys
from sandbox.seeding.source import source_of
from sandbox.world.changes import Change, GenerationBegun
from sandbox.world.errors import StoreUnavailable
from sandbox.world.origin import Source
from sandbox.world.pause import Pause
from sandbox.world.state import SandboxState


class Sources:
    """The sources that this worker knows, by their digests. Those that it does not know are read from the store."""

    def __init__(self, keys: Keys, courier: Courier, pause: Pause) -> None:
        self._keys = keys
        self._courier = courier
        self._pause = pause
        self._known: dict[str, Source] = {}
        self._stored: set[str] = set()

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
            source = self._known.setdefault(digest, source_of(document.split(b"\n")))
            self._stored.add(digest)
        return source

    def keep(self, change: Change) -> None:
        """Write the source of the state of a change, if it has one. Raises StoreUnavailable."""
        if isinstance(change, GenerationBegun):
            self.keep_origin(change.state)

    def keep_origin(self, state: SandboxState) -> None:
        """Write the source of a state, unless it is in the store already. Raises StoreUnavailable."""
        if state.origin is None:
            return
        source = state.origin.source
        digest = source.digest(self._pause)
        if digest in self._stored:
            return
        self._known.setdefault(digest, source)
        # It never changes, so that a second worker that writes it does no harm.
        (reply,) = self._courier.ask_apart(("SET", self._keys.source(digest), b"\n".join(source.document())))
        succeeded(reply)
        self._stored.add(digest)
