"""Connections over TCP, TLS and Unix sockets, for threads and for greenlets."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.connection import Connector, Node
from sandbox.engines.valkey.exchange import exchange
from sandbox.engines.valkey.failures import FAILURES, reason_of
from sandbox.world.concurrency import Concurrency
from sandbox.world.engine import UnusableStore
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer, free_port

pytestmark = pytest.mark.needs("valkey-server")


def ping(url: str, concurrency: Concurrency) -> object:
    """Return the reply to one PING on a new connection."""
    connector = Connector(parse(url), concurrency, 10.0)
    connection = connector.connection(connector.node)
    try:
        return exchange(connection, [("PING",)])[0]
    finally:
        connection.disconnect()


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return authority


@pytest.fixture
def tls_port(valkey: ValkeyServer, authority: trustme.CA) -> Iterator[int]:
    """Return a port that takes TLS, with a certificate of the authority for localhost and 127.0.0.1."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with TcpProxy(valkey.port, context) as proxy:
        yield proxy.port


def test_tcp(valkey: ValkeyServer, concurrency: Concurrency) -> None:
    assert ping(valkey.url, concurrency) == b"PONG"
    assert ping(f"redis://localhost:{valkey.port}/1", concurrency) == b"PONG"


def test_a_database_is_selected(valkey: ValkeyServer, concurrency: Concurrency) -> None:
    connector = Connector(parse(f"{valkey.url}/3"), concurrency, 10.0)
    connection = connector.connection(connector.node)
    exchange(connection, [("SET", "a", 1)])
    connection.disconnect()
    assert "db3" in valkey.run("INFO", "keyspace")


def test_unix_socket_with_a_password(start_valkey: StartValkey, concurrency: Concurrency) -> None:
    server = start_valkey(unix=True, requirepass="s/e@c")
    path = server.path.resolve() if server.path else ""
    assert ping(f"unix://:s%2Fe%40c@{path}", concurrency) == b"PONG"


def test_tls_with_a_certificate_of_a_known_authority(
    tls_port: int, tmp_path: Path, concurrency: Concurrency
) -> None:
    assert ping(f"valkeys://localhost:{tls_port}?ssl_ca_certs={tmp_path}/ca.pem", concurrency) == b"PONG"


def test_tls_without_a_check_of_the_certificate(tls_port: int, concurrency: Concurrency) -> None:
    assert ping(f"rediss://127.0.0.1:{tls_port}?ssl_cert_reqs=none", concurrency) == b"PONG"


def test_tls_refuses_a_certificate_of_an_unknown_authority(tls_port: int, concurrency: Concurrency) -> None:
    with pytest.raises(FAILURES, match="certificate verify failed"):
        ping(f"valkeys://localhost:{tls_port}", concurrency)


def test_tls_presents_a_certificate(
    valkey: ValkeyServer, authority: trustme.CA, tmp_path: Path, concurrency: Concurrency
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("client").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    with TcpProxy(valkey.port, context) as proxy:
        url = f"valkeys://localhost:{proxy.port}?ssl_ca_certs={tmp_path}/ca.pem"
        with pytest.raises(FAILURES):
            ping(url, concurrency)
        assert ping(f"{url}&ssl_certfile={tmp_path}/client.pem", concurrency) == b"PONG"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("ssl_ca_certs=/none.pem", "ssl_ca_certs that cannot be used: No such file"),
        (
            "ssl_certfile=/none.pem",
            "ssl_ca_certs, ssl_certfile or ssl_keyfile that cannot be used: No such file",
        ),
    ],
)
def test_files_of_tls_must_exist(query: str, reason: str, concurrency: Concurrency) -> None:
    with pytest.raises(UnusableStore, match=reason):
        Connector(parse(f"valkeys://localhost?{query}"), concurrency, 10.0)


def test_failures_to_connect_have_reasons(concurrency: Concurrency) -> None:
    for url, reason in (
        (f"valkey://127.0.0.1:{free_port()}", "Connection refused"),
        ("valkey://no-such-host.invalid", "no-such-host.invalid"),
        ("unix:///none/valkey.sock", "No such file"),
    ):
        with pytest.raises(FAILURES) as failed:
            ping(url, concurrency)
        assert reason in reason_of(failed.value)


def test_a_pool_lends_each_connection_to_one_call(valkey: ValkeyServer, concurrency: Concurrency) -> None:
    connector = Connector(parse(valkey.url), concurrency, 0.0)
    pool = Connector(parse(valkey.url), concurrency, 10.0).pool(connector.node, 2)
    first, second = pool.get_connection(""), pool.get_connection("")
    assert first is not second
    pool.release(first)
    assert pool.get_connection("") is first
    pool.disconnect()


def test_the_node_of_an_address(concurrency: Concurrency) -> None:
    assert Connector(parse("valkey://h:7"), concurrency, 1.0).node == Node("h", 7)
    assert Connector(parse("unix:///s"), concurrency, 1.0).node == Node("/s", 0)


def test_a_command_beside_the_reader_opens_and_closes_nothing(
    valkey: ValkeyServer, concurrency: Concurrency
) -> None:
    with TcpProxy(valkey.port) as proxy:
        connector = Connector(parse(f"valkey://127.0.0.1:{proxy.port}"), concurrency, 10.0)
        connection = connector.connection(connector.node)
        connection.connect()
        connection.send_beside("ECHO", "x")
        assert connection.can_read(10.0)
        connection._sock.shutdown(socket.SHUT_WR)  # noqa: SLF001  # as if the server had gone
        with pytest.raises(FAILURES):
            connection.send_beside("ECHO", "y")
        assert connection.read_response() == b"x"
        connection.disconnect()
        with pytest.raises(FAILURES, match="it is closed"):
            connection.send_beside("ECHO", "z")
        assert proxy.accepted == 1
