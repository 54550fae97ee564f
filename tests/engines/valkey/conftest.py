"""Fixtures for the tests of this folder: the two ways in which calls run, and clients and workers that are closed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import gevent
import gevent.socket
import pytest

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.client import Client
from sandbox.server.greenlet_signal import GreenletSignal
from sandbox.world.concurrency import THREADS, Concurrency
from tests.engines.valkey.workers import OpenWorker, Worker
from tests.valkey_server import ValkeyServer

GREENLETS = Concurrency(
    socket=gevent.socket, new_event=GreenletSignal, new_signal=GreenletSignal, background=gevent.spawn
)

OpenClient = Callable[..., Client]


@pytest.fixture(params=[THREADS, GREENLETS], ids=["threads", "greenlets"])
def concurrency(request: pytest.FixtureRequest) -> Concurrency:
    """Return each of the two ways in which calls run side by side."""
    chosen: Concurrency = request.param
    return chosen


@pytest.fixture
def open_client(concurrency: Concurrency) -> Iterator[OpenClient]:
    """``open_client(server.url, timeout=1.0)``: return a client of a store, which is closed after the test."""
    with ExitStack() as stack:

        def open_(url: str, **options: Any) -> Client:
            client = Client(parse(url), concurrency, **options)
            stack.callback(client.close)
            return client

        yield open_


@pytest.fixture
def open_worker(valkey: ValkeyServer, clock: SimpleNamespace) -> Iterator[OpenWorker]:
    """``open_worker(url, max_rules=3)``: return a worker, by default on the store of the test."""
    with ExitStack() as stack:

        def open_(url: str = valkey.url, **settings: Any) -> Worker:
            worker = Worker(url, clock, **settings)
            stack.callback(worker.close)
            return worker

        yield open_
