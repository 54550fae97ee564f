"""Fixtures for the tests of connections: the two ways in which calls run, and clients that are closed after a test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import gevent
import gevent.socket
import pytest

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.client import Client
from sandbox.server.greenlet_signal import GreenletSignal
from sandbox.world.concurrency import THREADS, Concurrency

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
