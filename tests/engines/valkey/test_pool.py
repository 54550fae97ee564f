"""The pool: a connection is closed by the call that uses it, and by nobody else."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.connection import Connector
from sandbox.engines.valkey.exchange import exchange
from sandbox.engines.valkey.pool import Pool
from sandbox.world.concurrency import Concurrency
from tests.engines.valkey.calls import Call, await_blocked, await_clients
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")

OpenPool = Callable[..., Pool]


@pytest.fixture
def open_pool(valkey: ValkeyServer, concurrency: Concurrency) -> OpenPool:
    """``open_pool(2)``: return a pool of at most two connections."""

    def open_(max_connections: int = 1) -> Pool:
        connector = Connector(parse(valkey.url), concurrency, 60.0)
        return Pool(connector.pool(connector.node, max_connections))

    return open_


def ask(pool: Pool, *command: Any) -> Any:
    with pool.connection() as connection:
        return exchange(connection, [command])[0]


def test_a_connection_is_used_again(
    open_pool: OpenPool, valkey: ValkeyServer, concurrency: Concurrency
) -> None:
    pool = open_pool(2)
    assert ask(pool, "CLIENT", "ID") == ask(pool, "CLIENT", "ID")
    await_clients(valkey, 1, concurrency)
    pool.retire()
    await_clients(valkey, 0, concurrency)


def test_a_call_that_is_under_way_gets_its_reply_after_the_pool_was_retired(
    open_pool: OpenPool, valkey: ValkeyServer, concurrency: Concurrency
) -> None:
    pool = open_pool()
    under_way = Call(concurrency, lambda: ask(pool, "BLPOP", "a", 0))
    await_blocked(valkey, 1, concurrency)
    pool.retire()
    await_clients(valkey, 1, concurrency)
    valkey.run("RPUSH", "a", "x")
    assert under_way.end() == [b"a", b"x"]
    await_clients(valkey, 0, concurrency)


def test_a_call_that_waits_for_a_connection_gets_one_after_the_pool_was_retired(
    open_pool: OpenPool, valkey: ValkeyServer, concurrency: Concurrency
) -> None:
    pool = open_pool()
    under_way = Call(concurrency, lambda: ask(pool, "BLPOP", "a", 0))
    await_blocked(valkey, 1, concurrency)
    waiting = Call(concurrency, lambda: ask(pool, "ECHO", "x"))
    pool.retire()
    valkey.run("RPUSH", "a", "x")
    assert under_way.end() == [b"a", b"x"]
    assert waiting.end() == b"x"
    await_clients(valkey, 0, concurrency)


def test_a_call_that_fails_closes_its_connection_if_the_pool_is_retired(
    open_pool: OpenPool, valkey: ValkeyServer, concurrency: Concurrency
) -> None:
    pool = open_pool()
    with suppress(KeyError), pool.connection() as connection:
        assert exchange(connection, [("PING",)]) == [b"PONG"]
        pool.retire()
        assert exchange(connection, [("PING",)]) == [b"PONG"]
        raise KeyError
    await_clients(valkey, 0, concurrency)
