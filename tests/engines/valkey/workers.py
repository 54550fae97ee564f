"""Workers that share a store, for the tests of this folder: applications with connections of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from flask.testing import FlaskClient

from sandbox.app import create_app
from sandbox.engines.valkey.fleet import SharedFleet
from sandbox.engines.valkey.keys import Keys, WorldKeys
from sandbox.engines.valkey.server_rules import SharedServerRules
from sandbox.engines.valkey.slot import SharedSlot
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.faults.rule_document import RuleDocument
from sandbox.settings import Settings
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.interface import Lease
from sandbox.world.journal import Entry, Headers
from sandbox.world.journal_feed import JournalFeed, Listener, Update
from sandbox.world.paging import Query
from sandbox.world.rules import UnboundRule
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from sandbox.world.world_name import WorldKey, WorldName
from tests.applications import close, fleet_of
from tests.conftest import cached_scenario
from tests.valkey_server import ValkeyServer

PREFIX = "test:"
COLLECTION = "/v1/conversations"
NAME = WorldName("checkout")
ID = "xgQQXg3hrtjh7AvZ"
"""The id of a conversation of the scenario ``documented``."""


def rule(**document: Any) -> UnboundRule:
    """Return a fault rule, by default one that fails every call."""
    loaded: UnboundRule = RuleDocument().load({"fault": {"type": "status", "status": 503}, **document})
    return loaded


def call(number: int = 1, **attributes: Any) -> Entry:
    """Return a call for a journal."""
    given = Entry(
        f"call-{number}", 5.0, "GET", COLLECTION, "", Headers.of(()), "", "listConversations", 200, 1.0
    )
    return given._replace(**attributes)


class Worker:
    """A server that has its worlds in the store at ``url``, on the clock of the test."""

    def __init__(
        self, url: str, clock: SimpleNamespace, concurrency: Concurrency = THREADS, **settings: Any
    ) -> None:
        chosen = {"scenario": "documented", "store_prefix": PREFIX, **settings}
        self.app = create_app(
            Settings(store=url, **chosen),
            scenario=cached_scenario(chosen["scenario"]),
            now=lambda: clock.now,
            monotonic=lambda: clock.uptime,
            concurrency=concurrency,
        )
        fleet = fleet_of(self.app)
        assert isinstance(fleet, SharedFleet)
        self.fleet = fleet

    @property
    def store(self) -> Store:
        return self.fleet._store  # noqa: SLF001  # to look at what a worker sends

    @property
    def rules(self) -> SharedServerRules:
        return self.store.rules

    @property
    def keys(self) -> Keys:
        return self.store.keys

    def keys_of(self, key: WorldKey = "me") -> WorldKeys:
        return self.keys.world(self.fleet.id_of_key(key))

    def client(self, token: str = "me", **headers: str) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        for name, value in headers.items():
            client.environ_base[f"HTTP_{name.upper()}"] = value
        return client

    @contextmanager
    def using(self, key: WorldKey = "me") -> Iterator[SharedSandbox]:
        """Use a world, as one call does."""
        with self.fleet.using(key) as lease:
            assert isinstance(lease.world, SharedSandbox)
            yield lease.world

    @contextmanager
    def leased(self, key: WorldKey = "me") -> Iterator[tuple[SharedSandbox, Lease]]:
        with self.fleet.using(key) as lease:
            assert isinstance(lease.world, SharedSandbox)
            yield lease.world, lease

    def slot(self, key: WorldKey = "me") -> SharedSlot:
        """Return the slot of a world that this worker has a copy of."""
        with self.fleet.using(key) as lease:
            assert isinstance(lease.slot, SharedSlot)
            return lease.slot

    def ids(self, key: WorldKey = "me") -> list[str]:
        """Return the ids of all conversations of a world, in list order."""
        with self.using(key) as world:
            return [record.conversation.id for record in world.page(Query(1000)).records]

    def await_store(self) -> None:
        """Call until the store answers, after its connections were cut."""
        client = self.client("another")
        while client.get(COLLECTION).status_code == 503:
            self.store.courier._watch.check()  # noqa: SLF001  # which happens soon in any case

    def close(self) -> None:
        close(self.app)


OpenWorker = Callable[..., Worker]


def blank() -> SandboxState:
    return SandboxState(Table.of(()), seed=1)


def feed_of(worker: Worker) -> JournalFeed:
    return worker.fleet._runtime.feed  # noqa: SLF001  # which only the stream of the journal needs


def taken(listener: Listener, count: int) -> list[Update]:
    """Return the next updates of a listener, for which it waits."""
    updates: list[Update] = []
    while len(updates) < count:
        batch = listener.take(30.0, 100)
        assert batch.updates
        updates += batch.updates
    return updates


def all_keys(valkey: ValkeyServer) -> list[str]:
    return [key.decode() for key in valkey.run("KEYS", "*")]


def use_fully(worker: Worker, token: str) -> None:
    """Do what makes each key that a world may have."""
    client = worker.client(token)
    client.post(COLLECTION, data={"contact_id": "a"}, headers={"Idempotency-Key": "k"})
    client.get(f"{COLLECTION}?access_token={token}")
    client.post("/__admin/faults", json={"fault": {"type": "status", "status": 503}, "skip": 10})
    client.post("/__admin/snapshots", json={})
    client.get(COLLECTION)


def seconds_left(valkey: ValkeyServer, *keys: str) -> list[float]:
    """Return the times after which keys expire, in seconds; -0.001 if a key does not."""
    return [int(valkey.run("PTTL", key)) / 1000 for key in keys if valkey.run("EXISTS", key)]


def make_idle(worker: Worker, valkey: ValkeyServer, key: str) -> None:
    """Let a world seem unused for long."""
    valkey.run("ZADD", worker.keys.used, 1, worker.fleet.id_of_key(key))
