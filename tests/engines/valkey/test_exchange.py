"""Exchanges on one connection to a real server."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.connection import Connector
from sandbox.engines.valkey.exchange import exchange, is_stale, receive, send, succeeded
from sandbox.engines.valkey.failures import CONNECTION_FAILURES, CommandFailed, Refused
from sandbox.engines.valkey.topology import Command
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")


@pytest.fixture
def connection(valkey: ValkeyServer, concurrency: Concurrency) -> Iterator[Any]:
    connector = Connector(parse(valkey.url), concurrency, 10.0)
    opened = connector.connection(connector.node)
    yield opened
    opened.disconnect()


def test_replies_have_the_order_of_the_commands(connection: Any) -> None:
    commands: list[Command] = [
        ("SET", "a", 1),
        ("GET", "a"),
        ("GET", "none"),
        ("LPUSH", "l", "x", b"\x00\xff"),
    ]
    expected = [b"OK", b"1", None, 2, [b"\x00\xff", b"x"]]
    assert exchange(connection, [*commands, ("LRANGE", "l", 0, -1)]) == expected


def test_an_error_is_the_reply_of_its_command_alone(connection: Any) -> None:
    first, error, last = exchange(connection, [("SET", "a", "x"), ("LPUSH", "a", "x"), ("GET", "a")])
    assert (first, last) == (b"OK", b"x")
    assert type(error) is CommandFailed
    assert error.code == "WRONGTYPE"
    with pytest.raises(StoreUnavailable, match="WRONGTYPE Operation against a key"):
        succeeded(error)
    assert succeeded(last) == b"x"


def test_a_large_pipeline_of_large_values_passes(connection: Any) -> None:
    values = [bytes([65 + number]) * 300_000 for number in range(20)]
    exchange(connection, [("SET", f"large{number}", value) for number, value in enumerate(values)])
    assert exchange(connection, [("GET", f"large{number}") for number in range(20)]) == values


def test_the_rest_of_the_replies_can_be_received_by_another_call(connection: Any) -> None:
    replies: list[Any] = []
    send(connection, [("ECHO", "a"), ("ECHO", "b")])
    receive(connection, replies, 1)
    assert replies == [b"a"]
    receive(connection, replies, 2)
    assert replies == [b"a", b"b"]


def test_a_reply_that_is_cut_is_a_failure_of_the_connection(
    valkey: ValkeyServer, concurrency: Concurrency
) -> None:
    valkey.run("SET", "a", "x" * 1000)
    with TcpProxy(valkey.port) as proxy:
        connector = Connector(parse(f"valkey://127.0.0.1:{proxy.port}"), concurrency, 10.0)
        connection = connector.connection(connector.node)
        assert exchange(connection, [("ECHO", "a")]) == [b"a"]
        proxy.cut_after(100)
        with pytest.raises(CONNECTION_FAILURES):
            exchange(connection, [("GET", "a")])
        # It connects again by itself.
        assert exchange(connection, [("GET", "a")]) == [b"x" * 1000]
        connection.disconnect()


def test_a_refusal_is_told_from_a_failure(valkey: ValkeyServer, connection: Any) -> None:
    valkey.run("CONFIG", "SET", "maxmemory", 1)
    try:
        (refused,) = exchange(connection, [("SET", "a", 1)])
    finally:
        valkey.run("CONFIG", "SET", "maxmemory", 0)
    assert isinstance(refused, Refused)
    assert refused.code == "OOM"


def test_a_connection_is_stale_when_its_server_has_closed_it(
    valkey: ValkeyServer, concurrency: Concurrency
) -> None:
    with TcpProxy(valkey.port) as proxy:
        connector = Connector(parse(f"valkey://127.0.0.1:{proxy.port}"), concurrency, 10.0)
        connection = connector.connection(connector.node)
        exchange(connection, [("PING",)])
        assert not is_stale(connection)
        proxy.cut()
        assert is_stale(connection)
        connection.disconnect()
