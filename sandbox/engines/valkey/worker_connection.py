"""A worker's connection to the store: its parts, and what goes on in the background while it is open."""

from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from sandbox.engines.valkey.address import Address
from sandbox.engines.valkey.checks import load_library
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
from sandbox.world.concurrency import Concurrency
from sandbox.world.engine import UnusableStore
from sandbox.world.errors import StoreUnavailable
from sandbox.world.journal_feed import JournalFeed
from sandbox.world.sleepers import wait

_KEEP_SECONDS: Final = 1.0


class StoreSettings(NamedTuple):
    """The store, as all workers of a server know it.

    ``functions`` is the text of their library. A call waits for the store at most ``timeout`` seconds, and a worker has
    at most ``connections`` to it.
    """

    address: Address
    keys: Keys
    identity: Identity
    functions: str
    timeout: float
    connections: int


class WorkerConnection:
    """The connection of one worker, whose worlds use ``store``.

    From ``begin`` to ``close``, ``fleet`` and ``rules`` follow the other workers, and so does ``feed`` while somebody
    listens. Nothing connects before ``begin`` or the first call.
    """

    def __init__(
        self,
        settings: StoreSettings,
        rules: SharedServerRules,
        fleet: SharedFleet,
        feed: JournalFeed,
        concurrency: Concurrency,
    ) -> None:
        # Tests pass another way to sleep, while the store is real.
        concurrency = replace(concurrency, wait=wait)
        self._settings = settings
        self._fleet = fleet
        self._concurrency = concurrency
        self._ending = concurrency.new_signal()
        self._client = Client(
            settings.address, concurrency, timeout=settings.timeout, max_connections=settings.connections
        )
        self._watch = Watch(self._client.ping, concurrency, on_change=self._has_changed)
        self._courier = Courier(self._client, self._watch, load_functions=self._load_functions)
        self.store = self._new_store(rules)
        rules.open(self.store)
        self._subscription = self._client.subscribe([settings.keys.wakes])
        shared_feed = SharedFeed(feed, settings.keys, self._courier, self._subscription, concurrency)
        self._inbox = Inbox(settings.keys, rules, fleet, shared_feed, concurrency.spawn)

    def begin(self) -> None:
        """Begin to watch over the store, to follow the other workers and to keep the sandboxes that are used."""
        self._watch.start()
        self._concurrency.background(lambda: self._inbox.read(self._subscription))
        self._concurrency.background(self._keep)

    def close(self) -> None:
        """End what goes on in the background, and close all connections."""
        self._ending.set()
        self._watch.close()
        self._subscription.close()
        self._courier.close()
        self._client.close()

    def _new_store(self, rules: SharedServerRules) -> Store:
        settings, courier, concurrency = self._settings, self._courier, self._concurrency
        return Store(
            keys=settings.keys,
            courier=courier,
            identity=settings.identity,
            nonces=Nonces(),
            sources=Sources(settings.keys, courier, concurrency.pause, self._fleet.expiry.life),
            rules=rules,
            unsent=Unsent(courier),
            concurrency=concurrency,
            timeout=settings.timeout,
            begin=self.begin,
            close=self.close,
        )

    def _has_changed(self) -> None:
        """Complete the journals once the store is available again."""
        if self._watch.is_available:
            self._concurrency.spawn(self.store.unsent.send_waiting)

    def _load_functions(self) -> None:
        try:
            load_library(self._client, self._settings.functions)
        except UnusableStore as error:
            raise StoreUnavailable(str(error)) from None

    def _keep(self) -> None:
        """Keep the sandboxes that are used, and complete their journals, until the worker ends."""
        while not self._ending.is_set():
            self._ending.wait(_KEEP_SECONDS)
            for work in (self._fleet.keep_used, self.store.unsent.send_waiting):
                # While the store is unavailable, there is another time.
                with suppress(StoreUnavailable):
                    work()
