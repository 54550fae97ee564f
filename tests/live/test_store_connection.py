"""The connection to a store over time: servers that pause, die and come back, and networks that cut and delay."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise

import gevent
import gevent.socket
import pytest

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.checks import check_store
from sandbox.engines.valkey.client import Client
from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.subscription import Link, Message, Subscription
from sandbox.engines.valkey.watch import Watch
from sandbox.server.greenlet_signal import GreenletSignal
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.errors import StoreUnavailable
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import TIMEOUT_SECONDS, ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")

GREENLETS = Concurrency(
    socket=gevent.socket, new_event=GreenletSignal, new_signal=GreenletSignal, background=gevent.spawn
)
TIMEOUT = 0.4
"""The timeout of the store in seconds."""
CALLS = 16
MARGIN = 0.5
"""Seconds by which a busy machine may be late."""


class Store:
    """A client of a store with its courier and its watch, as a server has them."""

    def __init__(self, url: str, concurrency: Concurrency = GREENLETS) -> None:
        self.concurrency = concurrency
        self.client = Client(parse(url), concurrency, timeout=TIMEOUT)
        self.watch = Watch(self.client.ping, concurrency)
        self.courier = Courier(self.client, self.watch)
        self.ask = self.courier.ask

    def wait_until(self, is_so: Callable[[], bool]) -> float:
        """Wait, and return the seconds that it took."""
        begun = time.monotonic()
        while not is_so():
            assert time.monotonic() - begun < TIMEOUT_SECONDS
            self.concurrency.wait(self.concurrency.new_signal(), 0.01)
        return time.monotonic() - begun

    def close(self) -> None:
        self.watch.close()
        self.courier.close()
        self.client.close()


OpenStore = Callable[..., Store]


@pytest.fixture
def open_store() -> Iterator[OpenStore]:
    with ExitStack() as stack:

        def open_(url: str, concurrency: Concurrency = GREENLETS) -> Store:
            store = Store(url, concurrency)
            stack.callback(store.close)
            return store

        yield open_


@contextmanager
def stopped(server: ValkeyServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.cont()


@contextmanager
def others_run() -> Iterator[None]:
    """Require that another greenlet runs during the block."""
    ticks: list[float] = []

    def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            gevent.sleep(0.01)

    ticker = gevent.spawn(tick)
    # A timeout counts from the last turn of the loop, which a busy machine may have had long ago.
    gevent.sleep(0)
    yield
    ticker.kill()
    assert len(ticks) > TIMEOUT / 0.01 / 4
    gaps = [later - earlier for earlier, later in pairwise(ticks)]
    assert max(gaps) < TIMEOUT / 2


@pytest.mark.parametrize("is_connected", [False, True])
def test_other_greenlets_run_while_a_reply_is_awaited(
    valkey: ValkeyServer, open_store: OpenStore, is_connected: bool
) -> None:
    store = open_store(valkey.url)
    if is_connected:
        store.ask(("PING",))
        store.client.ping()
    for work in (lambda: store.ask(("PING",)), store.client.ping):
        with stopped(valkey), others_run(), pytest.raises(StoreUnavailable):
            work()
        store.watch.check()


def test_other_greenlets_run_during_the_handshake_of_tls(open_store: OpenStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = open_store(f"valkeys://127.0.0.1:{silent.getsockname()[1]}")
        with others_run(), pytest.raises(StoreUnavailable):
            store.ask(("PING",))


def test_other_greenlets_run_while_a_connection_of_the_pool_is_awaited(
    valkey: ValkeyServer, open_store: OpenStore
) -> None:
    store = open_store(valkey.url)
    client = Client(parse(valkey.url), GREENLETS, timeout=TIMEOUT, max_connections=1)
    assert store.client.topology == store.client.topology
    client.ping()
    with stopped(valkey), others_run():
        calls = [gevent.spawn(client.execute, [("PING",)]) for _ in range(3)]
        gevent.joinall(calls)
    assert all(isinstance(call.exception, StoreUnavailable) for call in calls)
    client.close()


@pytest.mark.parametrize("concurrency", [THREADS, GREENLETS], ids=["threads", "greenlets"])
def test_a_server_that_is_paused_is_noticed_and_its_return_too(
    valkey: ValkeyServer, open_store: OpenStore, concurrency: Concurrency
) -> None:
    store = open_store(valkey.url, concurrency)
    store.watch.start()
    store.ask(("PING",))
    with stopped(valkey):
        assert store.wait_until(lambda: not store.watch.is_available) < TIMEOUT + 1 + MARGIN
        begun = time.monotonic()
        for _ in range(100):
            with pytest.raises(StoreUnavailable):
                store.ask(("PING",))
        assert time.monotonic() - begun < TIMEOUT
    assert store.wait_until(lambda: store.watch.is_available) < 1 + TIMEOUT + MARGIN
    assert store.ask(("ECHO", "again")) == [b"again"]


def test_every_call_ends_within_the_timeout(valkey: ValkeyServer, open_store: OpenStore) -> None:
    store = open_store(valkey.url)
    store.ask(("PING",))
    seconds: list[float] = []

    def call(delay: float) -> None:
        gevent.sleep(delay)
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.ask(("PING",))
        seconds.append(time.monotonic() - begun)

    with stopped(valkey):
        calls = [gevent.spawn(call, TIMEOUT * number / CALLS) for number in range(CALLS)]
        gevent.joinall(calls, raise_error=True)
    assert len(seconds) == CALLS
    assert max(seconds) < TIMEOUT + MARGIN


class Counter:
    """A call that increments a counter of its own again and again, and counts what was acknowledged."""

    def __init__(self, store: Store, name: int, ended: threading.Event) -> None:
        self.acknowledged = 0
        self.unknown = 0
        self.refused = 0
        self.key = f"counter-{name}"
        self._store = store
        self._ended = ended

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                (value,) = self._store.ask(("INCR", self.key))
            except StoreUnavailable as unavailable:
                if unavailable.may_be_done:
                    self.unknown += 1
                else:
                    self.refused += 1
                gevent.sleep(0.01)
            else:
                self.acknowledged += 1
                assert self.acknowledged <= value <= self.acknowledged + self.unknown


@contextmanager
def counting(store: Store) -> Iterator[list[Counter]]:
    """Increment counters during the block, and compare those of the store with what was acknowledged after it."""
    ended = threading.Event()
    counters = [Counter(store, number, ended) for number in range(CALLS)]
    running = [gevent.spawn(counter.run) for counter in counters]
    yield counters
    store.wait_until(lambda: store.watch.is_available)
    before = [counter.acknowledged for counter in counters]
    store.wait_until(lambda: all(c.acknowledged > b for c, b in zip(counters, before, strict=True)))
    ended.set()
    gevent.joinall(running, raise_error=True)
    for counter in counters:
        (value,) = store.ask(("GET", counter.key))
        assert counter.acknowledged <= int(value) <= counter.acknowledged + counter.unknown
    assert any(counter.unknown + counter.refused for counter in counters)


def test_nothing_that_was_acknowledged_is_lost_when_the_server_is_killed(
    start_valkey: StartValkey, open_store: OpenStore
) -> None:
    server = start_valkey(appendonly="yes", appendfsync="always")
    store = open_store(server.url)
    store.watch.start()
    with counting(store) as counters:
        for _ in range(2):
            acknowledged = counters[0].acknowledged
            store.wait_until(lambda: counters[0].acknowledged > acknowledged + 20)  # noqa: B023  # it is called now
            server.kill()
            store.wait_until(lambda: not store.watch.is_available)
            server.restart()
            store.wait_until(lambda: store.watch.is_available)


def test_replies_stay_with_their_calls_when_connections_are_cut_in_the_middle(
    valkey: ValkeyServer, open_store: OpenStore
) -> None:
    with TcpProxy(valkey.port) as proxy:
        store = open_store(f"valkey://127.0.0.1:{proxy.port}")
        store.watch.start()
        with counting(store) as counters:
            for reply_bytes in (1, 2, 3, 7, 50, 111):
                acknowledged = counters[0].acknowledged
                store.wait_until(lambda: counters[0].acknowledged > acknowledged)  # noqa: B023  # it is called now
                unknown = sum(counter.unknown for counter in counters)
                proxy.cut_after(reply_bytes)
                store.wait_until(lambda: sum(c.unknown for c in counters) > unknown)  # noqa: B023  # it is called now
        store.close()


def test_a_slow_network_is_no_failure(valkey: ValkeyServer, open_store: OpenStore) -> None:
    with TcpProxy(valkey.port) as proxy:
        store = open_store(f"valkey://127.0.0.1:{proxy.port}")
        store.ask(("PING",))
        proxy.delay = TIMEOUT / 4
        calls = [gevent.spawn(store.ask, ("ECHO", str(number))) for number in range(CALLS)]
        gevent.joinall(calls, raise_error=True)
        assert [call.value for call in calls] == [[str(number).encode()] for number in range(CALLS)]
        store.close()


@pytest.mark.parametrize("concurrency", [THREADS, GREENLETS], ids=["threads", "greenlets"])
def test_a_subscription_tells_of_a_pause_of_the_server(
    valkey: ValkeyServer, open_store: OpenStore, concurrency: Concurrency
) -> None:
    store = open_store(valkey.url, concurrency)
    subscription = Subscription(store.client, ["news"], retry_seconds=0.1)
    assert next(subscription) is Link.ESTABLISHED
    with stopped(valkey):
        begun = time.monotonic()
        assert next(subscription) is Link.LOST
        assert time.monotonic() - begun < 2 * TIMEOUT + MARGIN
    assert next(subscription) is Link.ESTABLISHED
    store.client.execute([("PUBLISH", "news", "x")])
    assert next(subscription) == Message("news", b"x")
    subscription.close()
    assert list(subscription) == []


def test_a_server_that_loads_its_data_is_used_when_it_is_ready(start_valkey: StartValkey) -> None:
    server = start_valkey()
    with server.client() as client:
        client.mset({f"key-{number}": "x" * 1000 for number in range(500)})
        client.save()
    server.kill()
    server.restart(is_loading=True, key_load_delay="2000", loading_process_events_interval_bytes="1024")
    assert check_store(parse(server.url), THREADS, timeout=TIMEOUT_SECONDS) == []
