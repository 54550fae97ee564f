"""The checks at the start: each store that cannot be used is refused in one line that says what to do."""

import ssl

import pytest
import trustme

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.checks import check_store, load_library
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.engine import UnusableStore
from sandbox.world.sleepers import Event
from tests.engines.valkey.conftest import OpenClient
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyCluster, ValkeyServer, free_port

pytestmark = pytest.mark.needs("valkey-server")

LIBRARY = """#!lua name=test
redis.register_function{function_name='one', callback=function() return 1 end, flags={'no-writes'}}
"""


def refused(url: str, concurrency: Concurrency = THREADS, timeout: float = 10.0, **options: object) -> str:
    """Return the line with which the store at ``url`` is refused."""
    with pytest.raises(UnusableStore) as error:
        check_store(parse(url), concurrency, timeout=timeout, **options)  # type: ignore[arg-type]  # those of the test
    message = str(error.value)
    assert "\n" not in message
    assert "secret" not in message
    return message


def test_a_store_that_can_be_used_passes(valkey: ValkeyServer, concurrency: Concurrency) -> None:
    probes = [("FCALL", "unknown", 1, "world"), ("PUBLISH", "resets", ""), ("GET", "world")]
    assert check_store(parse(valkey.url), concurrency, probes=probes) == []


def test_a_cluster_passes(valkey_cluster: ValkeyCluster, concurrency: Concurrency) -> None:
    assert check_store(parse(valkey_cluster.url), concurrency) == []


def test_a_socket_passes(start_valkey: StartValkey, concurrency: Concurrency) -> None:
    assert check_store(parse(start_valkey(unix=True).url), concurrency) == []


def test_the_server_is_not_there(concurrency: Concurrency) -> None:
    message = refused(f"valkey://:secret@127.0.0.1:{free_port()}", concurrency)
    assert message.startswith("cannot be reached; check whether the server runs there (")
    assert "Connection refused" in message


def test_the_host_is_unknown(concurrency: Concurrency) -> None:
    message = refused("valkey://no-such-host.invalid", concurrency)
    assert message == "names a host that is unknown, no-such-host.invalid; check its name"


def test_the_socket_is_not_there(concurrency: Concurrency) -> None:
    message = refused("unix:///none/valkey.sock", concurrency)
    assert message == "names a socket that is not there; check its path, and whether the server runs"


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ("", "wants a password; write it into the address, valkey://USER:PASSWORD@127.0.0.1"),
        (":wrong-secret@", "refuses the user or the password"),
        ("nobody:secret@", "refuses the user or the password"),
    ],
)
def test_the_password_is_missing_or_wrong(start_valkey: StartValkey, user: str, reason: str) -> None:
    server = start_valkey(requirepass="secret")
    assert check_store(parse(server.url), THREADS) == []
    assert refused(f"valkey://{user}127.0.0.1:{server.port}").startswith(reason)


def test_the_server_has_no_password(valkey: ValkeyServer) -> None:
    message = refused(f"valkey://:secret@127.0.0.1:{valkey.port}")
    assert message.startswith("has no password, but the address has one; leave it out")


@pytest.mark.parametrize(
    ("permissions", "reason"),
    [
        ("~* &* +@all -info", "has a user who may not run INFO; give it the permission by ACL SETUSER"),
        ("~* &* +@all -ping", "has a user who lacks a permission"),
        ("~* &* +@all -function", "has a user who may not run FUNCTION LIST"),
        ("~* &* +@all -fcall", "has a user who may not run FCALL"),
        ("~other:* &* +@all", "has a user who may not run SET"),
        ("~* resetchannels +@all", "has a user who may not run PUBLISH"),
    ],
)
def test_the_user_lacks_a_permission(start_valkey: StartValkey, permissions: str, reason: str) -> None:
    server = start_valkey()
    server.run("ACL", "SETUSER", "me", "on", ">secret", *permissions.split())
    probes = [("SET", "world", 1), ("PUBLISH", "resets", "")]
    message = refused(f"valkey://me:secret@127.0.0.1:{server.port}", probes=probes)
    assert message.startswith(reason)


def test_the_version_is_too_old(valkey: ValkeyServer) -> None:
    version = valkey.run("INFO", "server")["redis_version"]
    with TcpProxy(valkey.port) as proxy:
        proxy.rewrites = f"redis_version:{version}".encode(), f"redis_version:6{version[1:]}".encode()
        message = refused(f"valkey://127.0.0.1:{proxy.port}")
    assert message == (
        f"has version 6{version[1:]}, which has no functions; it needs Valkey, or Redis 7 or later"
    )


@pytest.mark.parametrize("command", ["FUNCTION", "FCALL"])
def test_a_command_is_renamed(start_valkey: StartValkey, command: str) -> None:
    server = start_valkey(rename_command=f'{command} ""')
    assert refused(server.url).startswith(f"has no command {command}")


def test_the_server_is_a_replica(start_valkey: StartValkey) -> None:
    primary = start_valkey()
    replica = start_valkey(replicaof=f"127.0.0.1 {primary.port}")
    message = refused(replica.url)
    assert message == f"is a replica, which cannot be written to; name its primary, 127.0.0.1:{primary.port}"


def test_the_cluster_is_down(start_valkey: StartValkey) -> None:
    server = start_valkey(cluster_enabled="yes", cluster_port=str(free_port()))
    assert refused(server.url).startswith("is a node of a cluster that is down (0 of 16384 slots are served)")


def test_the_database_is_not_there(valkey: ValkeyServer, valkey_cluster: ValkeyCluster) -> None:
    assert refused(f"{valkey.url}/99") == "has no database 99; name another one, or none"
    assert "has no database 99" in refused(f"{valkey_cluster.url}/99")


def test_a_server_without_tls_is_asked_for_tls(valkey: ValkeyServer, concurrency: Concurrency) -> None:
    message = refused(f"valkeys://127.0.0.1:{valkey.port}", concurrency, timeout=0.5)
    assert f"valkey://127.0.0.1:{valkey.port}" in message
    assert "TLS" in message


def test_a_server_with_tls_is_asked_without(valkey: ValkeyServer, concurrency: Concurrency) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with TcpProxy(valkey.port, context) as proxy:
        message = refused(f"valkey://127.0.0.1:{proxy.port}", concurrency)
        assert message.endswith(f"if it expects TLS, the address is valkeys://127.0.0.1:{proxy.port}")
        message = refused(f"valkeys://127.0.0.1:{proxy.port}", concurrency)
        assert message.startswith("has a certificate that is not trusted (")
        assert message.endswith("; name its authority by ssl_ca_certs")


def test_a_server_that_is_loading_is_waited_for(start_valkey: StartValkey) -> None:
    server = start_valkey()
    with server.client() as client:
        client.mset({f"key-{number}": "x" * 1000 for number in range(2000)})
        client.save()
    server.kill()
    server.restart(is_loading=True, key_load_delay="10000", loading_process_events_interval_bytes="1024")
    waits: list[float] = []

    def wait(_signal: Event, seconds: float) -> None:
        waits.append(seconds)

    message = refused(server.url, Concurrency(wait=wait), monotonic=iter([0.0, 1.0, 9.9, 10.0]).__next__)
    assert message == "is still loading its data; start again when it is ready"
    assert waits == [0.1, 0.1]


def test_a_server_that_may_evict_worlds_is_accepted_with_a_warning(start_valkey: StartValkey) -> None:
    server = start_valkey(maxmemory="100mb", maxmemory_policy="allkeys-lru")
    (warning,) = check_store(parse(server.url), THREADS)
    assert warning == (
        "may evict worlds when its memory is full (maxmemory-policy allkeys-lru); set it to noeviction"
    )


def test_a_library_is_loaded_into_every_primary(
    valkey_cluster: ValkeyCluster, valkey: ValkeyServer, open_client: OpenClient
) -> None:
    for url, servers in ((valkey.url, [valkey]), (valkey_cluster.url, valkey_cluster.servers)):
        client = open_client(url)
        for _ in range(2):
            load_library(client, LIBRARY)
        assert [server.run("FCALL", "one", 0) for server in servers] == [1] * len(servers)


def test_a_library_that_cannot_be_loaded_is_refused(
    start_valkey: StartValkey, open_client: OpenClient
) -> None:
    server = start_valkey()
    client = open_client(server.url)
    for library, reason in (
        ("#!lua name=test\nnonsense", "does not accept the functions: ERR Error compiling function"),
        ("#!none name=test\nx", "runs no Lua, which the functions are written in"),
    ):
        with pytest.raises(UnusableStore, match=reason):
            load_library(client, library)
    server.run("ACL", "SETUSER", "me", "on", ">secret", "~*", "+@all", "-function|load")
    limited = open_client(f"valkey://me:secret@127.0.0.1:{server.port}")
    with pytest.raises(UnusableStore, match="has a user who may not run FUNCTION LOAD"):
        load_library(limited, LIBRARY)
    server.kill()
    with pytest.raises(UnusableStore, match="cannot be reached: "):
        load_library(client, LIBRARY)
