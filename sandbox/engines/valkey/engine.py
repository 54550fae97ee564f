"""The engine whose worlds are in the store: checks at the start, and the connections of each worker."""

from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from sandbox.engines.valkey.address import Address, parse
from sandbox.engines.valkey.checks import check_store, load_library
from sandbox.engines.valkey.client import Client
from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.feed import SharedFeed
from sandbox.engines.valkey.fleet import SharedFleet
from sandbox.engines.valkey.identity import Identity
from sandbox.engines.valkey.inbox import Inbox
from sandbox.engines.valkey.keys import Keys
from sandbox.engines.valkey.log import Nonces
from sandbox.engines.valkey.server_rules import SharedServerRules
from sandbox.engines.valkey.sources import Sources
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.unsent import Unsent
from sandbox.engines.valkey.watch import Watch
from sandbox.engines.valkey.world import SharedPulsingSandbox, SharedSandbox
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.engine import UnusableStore
from sandbox.world.errors import StoreUnavailable
from sandbox.world.journal_feed import JournalFeed
from sandbox.world.sleepers import Event, wait

__all__ = ["SharedFleet", "SharedPulsingSandbox", "SharedSandbox", "SharedServerRules", "ValkeyEngine"]

_KEEP_SECONDS: Final = 1.0
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
        self._address: Address = parse(url)
        self._keys = Keys(prefix)
        self._timeout = timeout
        self._connections = connections
        self._feed = feed
        self._library = Path(__file__).with_name("functions.lua").read_text()
        self.warnings = check_store(self._address, THREADS, timeout=max(timeout, _START_SECONDS))
        # Before the process forks, there are no greenlets.
        with closing(Client(self._address, THREADS, timeout=max(timeout, _START_SECONDS))) as client:
            load_library(client, self._library)
            self._identity = Identity.agreed(client, self._keys, id_key)
        self.id_key = self._identity.id_key

    def connect(self, rules: SharedServerRules, fleet: SharedFleet, concurrency: Concurrency) -> Store:
        """Return the store of this worker, whose ``begin`` lets ``fleet`` and ``rules`` follow the others."""
        # Tests pass another way to sleep, while the store is real.
        concurrency = replace(concurrency, wait=wait)

        def has_changed() -> None:
            if watch.is_available:
                concurrency.spawn(store.unsent.send_waiting)

        def load_functions() -> None:
            try:
                load_library(client, self._library)
            except UnusableStore as error:
                raise StoreUnavailable(str(error)) from None

        def begin() -> None:
            watch.start()
            concurrency.background(lambda: inbox.read(subscription))
            concurrency.background(lambda: _keep(fleet, store.unsent, ending))

        def close() -> None:
            ending.set()
            watch.close()
            subscription.close()
            courier.close()
            client.close()

        ending = concurrency.new_signal()
        client = Client(self._address, concurrency, timeout=self._timeout, max_connections=self._connections)
        watch = Watch(client.ping, concurrency, on_change=has_changed)
        courier = Courier(client, watch, load_functions=load_functions)
        store = Store(
            self._keys,
            courier,
            self._identity,
            Nonces(),
            Sources(self._keys, courier, concurrency.pause, fleet.expiry.life),
            rules,
            Unsent(courier),
            concurrency,
            self._timeout,
            begin,
            close,
        )

        rules.open(store)
        subscription = client.subscribe([self._keys.wakes])
        feed = SharedFeed(self._feed, self._keys, courier, subscription, concurrency)
        inbox = Inbox(self._keys, rules, fleet, feed, concurrency.spawn)
        return store


def _keep(fleet: SharedFleet, unsent: Unsent, ending: Event) -> None:
    """Keep the sandboxes that are used, and complete their journals, until the worker ends."""
    while not ending.is_set():
        ending.wait(_KEEP_SECONDS)
        for work in (fleet.keep_used, unsent.send_waiting):
            # While the store is unavailable, there is another time.
            with suppress(StoreUnavailable):
                work()
