"""The engine whose worlds are in the store: checks at the start, and the connections of each worker."""

import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Final

from sandbox.engines.valkey.address import Address, parse
from sandbox.engines.valkey.checks import check_store, has_library, load_library
from sandbox.engines.valkey.client import Client
from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.exchange import Reply, succeeded
from sandbox.engines.valkey.feed import SharedFeed
from sandbox.engines.valkey.fleet import SharedFleet
from sandbox.engines.valkey.format import FORMAT
from sandbox.engines.valkey.keys import Keys
from sandbox.engines.valkey.log import Nonces
from sandbox.engines.valkey.server_rules import RULES_ID, SharedServerRules
from sandbox.engines.valkey.sources import Sources
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.subscription import Link, Subscription
from sandbox.engines.valkey.topology import Command
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
_LIBRARY: Final = f"protocol_sandbox_{FORMAT}"
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
        self._given_id_key = id_key
        self._library = Path(__file__).with_name("functions.lua").read_text()
        self.warnings = check_store(self._address, THREADS, timeout=max(timeout, _START_SECONDS))
        # Before the process forks, there are no greenlets.
        with closing(Client(self._address, THREADS, timeout=max(timeout, _START_SECONDS))) as client:
            load_library(client, self._library)
            self._check_format(client)
            # The key that the store gets if it has none, also when it has lost its data later.
            self.id_key = secrets.token_hex(16).encode()
            self.id_key = self._shared_id_key(client, id_key)

    def connect(self, rules: SharedServerRules, fleet: SharedFleet, concurrency: Concurrency) -> Store:
        """Return the store of this worker, and begin to listen to the others."""
        # Tests pass another way to sleep, while the store is real.
        concurrency = replace(concurrency, wait=wait)

        def has_changed() -> None:
            if watch.is_available:
                concurrency.spawn(store.unsent.send_waiting)

        def close() -> None:
            ending.set()
            watch.close()
            subscription.close()
            courier.close()
            client.close()

        def ping() -> None:
            client.ping()
            if not watch.is_available:
                self._check_again(client)

        ending = concurrency.new_signal()
        client = Client(self._address, concurrency, timeout=self._timeout, max_connections=self._connections)
        watch = Watch(ping, concurrency, on_change=has_changed)
        courier = Courier(client, watch, load_functions=lambda: self._check_again(client))
        store = Store(
            self._keys,
            courier,
            Nonces(),
            Sources(self._keys, courier, concurrency.pause),
            rules,
            Unsent(courier),
            concurrency,
            self._timeout,
            close,
        )

        rules.open(store)
        subscription = client.subscribe([self._keys.wakes])
        feed = SharedFeed(self._feed, self._keys, courier, subscription, concurrency)
        watch.start()
        concurrency.background(lambda: self._listen(subscription, rules, fleet, feed, concurrency))
        concurrency.background(lambda: _keep(fleet, ending))
        return store

    def _listen(
        self,
        subscription: Subscription,
        rules: SharedServerRules,
        fleet: SharedFleet,
        feed: SharedFeed,
        concurrency: Concurrency,
    ) -> None:
        """Do what other workers ask for, as long as the process lives."""
        for event in subscription:
            if event is Link.ESTABLISHED:
                # What was asked for while there was no connection is not known.
                concurrency.spawn(_tried(rules.follow))
                concurrency.spawn(_tried(fleet.wake_all))
            elif event is Link.LOST:
                continue
            elif event.channel == self._keys.calls:
                feed.receive(event.data)
            elif event.data == RULES_ID.encode():
                concurrency.spawn(_tried(rules.follow))
            else:
                concurrency.spawn(_tried(partial(fleet.wake, event.data.decode())))

    def _check_again(self, client: Client) -> None:
        """Prepare a store anew that may have begun without its data. Raises StoreUnavailable."""
        try:
            self._check_format(client)
            if self._shared_id_key(client, self._given_id_key) != self.id_key:
                raise StoreUnavailable("it has begun anew with another key of ids; start this server again")
            if not has_library(client, _LIBRARY):
                load_library(client, self._library)
        except UnusableStore as error:
            raise StoreUnavailable(str(error)) from None

    def _check_format(self, client: Client) -> None:
        _, found = _replies(client, ("SET", self._keys.format, FORMAT, "NX"), ("GET", self._keys.format))
        if found != str(FORMAT).encode():
            raise UnusableStore(
                f"has sandboxes of the format {found.decode()}, and this version reads the format {FORMAT}; "
                "name another --store-prefix, or run the version that wrote them"
            )

    def _shared_id_key(self, client: Client, given: bytes | None) -> bytes:
        """Return the key of the ids, which is in the store if servers are given none."""
        keys = self._keys
        key = given
        if key is None:
            _, key = _replies(client, ("SET", keys.id_key, self.id_key, "NX"), ("GET", keys.id_key))
            assert key is not None
        check = blake2b(b"id-key", key=key, digest_size=16).hexdigest()
        _, found = _replies(client, ("SET", keys.id_check, check, "NX"), ("GET", keys.id_check))
        if found != check.encode():
            raise UnusableStore("is used by servers with another --id-key; give all of them the same one")
        return key


def _keep(fleet: SharedFleet, ending: Event) -> None:
    """Keep the sandboxes that are used, until the worker ends."""
    while not ending.is_set():
        ending.wait(_KEEP_SECONDS)
        _tried(fleet.keep_used)()


def _replies(client: Client, *commands: Command) -> list[Reply]:
    """Return the replies to commands of the start. Raises UnusableStore."""
    try:
        return [succeeded(reply) for reply in client.execute(commands)]
    except StoreUnavailable as error:
        raise UnusableStore(f"cannot be used: {error.reason}") from None


def _tried(work: Callable[[], object]) -> Callable[[], None]:
    """Return ``work`` that ends quietly while the store is unavailable: the next call finds out by itself."""

    def tried() -> None:
        try:
            work()
        except StoreUnavailable:
            return

    return tried
