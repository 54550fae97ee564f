"""The engine whose worlds are in the store: checks at the start, and the connection of each worker."""

from contextlib import closing
from pathlib import Path
from typing import Final

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.checks import check_store, load_library
from sandbox.engines.valkey.client import Client
from sandbox.engines.valkey.fleet import SharedFleet
from sandbox.engines.valkey.identity import Identity
from sandbox.engines.valkey.keys import Keys
from sandbox.engines.valkey.server_rules import SharedServerRules
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.worker_connection import StoreSettings, WorkerConnection
from sandbox.engines.valkey.world import SharedPulsingSandbox, SharedSandbox
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.journal_feed import JournalFeed

__all__ = ["SharedFleet", "SharedPulsingSandbox", "SharedSandbox", "SharedServerRules", "ValkeyEngine"]

_START_SECONDS: Final = 5.0
"""The longest time that the checks at the start wait for a reply."""


class ValkeyEngine:
    """The store at ``url``, whose keys begin with ``prefix``.

    A call waits for it at most ``timeout`` seconds, and a worker has at most ``connections`` to it. ``warnings`` are
    lines that an operator should see. Raises UnusableStore if worlds cannot live there.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        id_key: bytes | None,
        *,
        timeout: float,
        connections: int,
        feed: JournalFeed,
    ) -> None:
        address, keys = parse(url), Keys(prefix)
        library = Path(__file__).with_name("functions.lua").read_text()
        self.warnings = check_store(address, THREADS, timeout=max(timeout, _START_SECONDS))
        # Before the process forks, there are no greenlets.
        with closing(Client(address, THREADS, timeout=max(timeout, _START_SECONDS))) as client:
            load_library(client, library)
            identity = Identity.agreed(client, keys, id_key)
        self.id_key = identity.id_key
        self._feed = feed
        self._settings = StoreSettings(address, keys, identity, library, timeout, connections)

    def connect(self, rules: SharedServerRules, fleet: SharedFleet, concurrency: Concurrency) -> Store:
        """Return the store of this worker, whose ``begin`` lets ``fleet`` and ``rules`` follow the others."""
        return WorkerConnection(self._settings, rules, fleet, self._feed, concurrency).store
