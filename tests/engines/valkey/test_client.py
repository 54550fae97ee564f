"""The client of a store: pipelines to a real server, and to the nodes of a real cluster."""

import pytest

from sandbox.engines.valkey.client import Client
from sandbox.engines.valkey.connection import Node
from sandbox.engines.valkey.failures import CommandFailed, Refused
from sandbox.engines.valkey.topology import Command, Topology
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from tests.engines.valkey.calls import Call, await_blocked, await_clients
from tests.engines.valkey.conftest import OpenClient
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyCluster, ValkeyServer, free_port

pytestmark = pytest.mark.needs("valkey-server")

LIBRARY = """#!lua name=test
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function('fail', function() return redis.error_reply('STALE try again') end)
"""
KEYS = [f"world:{{{number}}}" for number in range(50)]


def ping_until_it_fails(client: Client) -> None:
    """Ping again and again, since a server updates its state a little later."""
    while True:
        client.ping()


def test_functions_are_called_in_a_pipeline(valkey: ValkeyServer, open_client: OpenClient) -> None:
    client = open_client(valkey.url)
    assert client.execute_everywhere(("FUNCTION", "LOAD", "REPLACE", LIBRARY)) == [b"test"]
    done, got, failed = client.execute(
        [("FCALL", "put", 1, "k", "v"), ("GET", "k"), ("FCALL", "fail", 1, "k")]
    )
    assert (done, got) == (b"OK", b"v")
    assert isinstance(failed, CommandFailed)
    assert (failed.code, failed.message) == ("STALE", "try again")
    assert not isinstance(failed, Refused)


def test_no_commands_have_no_replies(valkey: ValkeyServer, open_client: OpenClient) -> None:
    assert open_client(valkey.url).execute([]) == []


def test_a_pipeline_is_split_among_the_nodes_of_a_cluster(
    valkey_cluster: ValkeyCluster, open_client: OpenClient
) -> None:
    client = open_client(valkey_cluster.url)
    assert client.topology.is_cluster
    assert len(client.topology.nodes) == 3
    client.execute_everywhere(("FUNCTION", "LOAD", "REPLACE", LIBRARY))
    assert client.execute([("FCALL", "put", 1, key, key) for key in KEYS]) == [b"OK"] * len(KEYS)
    assert client.execute([("GET", key) for key in reversed(KEYS)]) == [
        key.encode() for key in reversed(KEYS)
    ]
    assert all(client.execute_everywhere(("DBSIZE",)))


def test_commands_that_were_sent_to_the_wrong_node_are_redirected(
    valkey_cluster: ValkeyCluster, open_client: OpenClient
) -> None:
    client = open_client(valkey_cluster.url)
    nodes = client.topology.nodes
    client._topology = Topology(nodes, [nodes[0]] * 16384)  # noqa: SLF001  # as it was before slots have moved
    assert client.execute([("SET", key, key) for key in KEYS]) == [b"OK"] * len(KEYS)
    assert client.topology.node_of(("GET", "a")) != client.topology.node_of(("GET", "b"))


def test_a_key_of_a_slot_on_the_move_is_asked_for_at_its_new_node(
    valkey_cluster: ValkeyCluster, open_client: OpenClient
) -> None:
    client = open_client(valkey_cluster.url)
    slot = valkey_cluster.servers[0].run("CLUSTER KEYSLOT", "moving")
    by_port = {server.port: server for server in valkey_cluster.servers}
    source = by_port[client.topology.node_of(("GET", "moving")).port]
    target = next(server for server in valkey_cluster.servers if server is not source)
    source_id, target_id = (server.client().cluster("MYID").decode() for server in (source, target))
    target.run("CLUSTER SETSLOT", slot, "IMPORTING", source_id)
    source.run("CLUSTER SETSLOT", slot, "MIGRATING", target_id)
    try:
        assert client.execute([("SET", "moving", "x"), ("GET", "moving")]) == [b"OK", b"x"]
        with target.client() as direct:
            assert direct.execute_command("CLUSTER COUNTKEYSINSLOT", slot) == 1
    finally:
        for server in (source, target):
            server.run("CLUSTER SETSLOT", slot, "STABLE")


def test_a_store_that_cannot_be_reached_is_unavailable(open_client: OpenClient) -> None:
    client = open_client(f"valkey://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable, match="Connection refused") as unavailable:
        client.execute([("PING",)])
    assert not unavailable.value.may_be_done
    with pytest.raises(StoreUnavailable):
        client.ping()


def test_a_wrong_password_makes_it_unavailable(start_valkey: StartValkey, open_client: OpenClient) -> None:
    server = start_valkey(requirepass="secret")
    assert open_client(server.url).execute([("PING",)]) == [b"PONG"]
    for user, reason in (("", "wants a password"), (":wrong@", "refuses the password")):
        with pytest.raises(StoreUnavailable, match=reason):
            open_client(f"valkey://{user}127.0.0.1:{server.port}").execute([("PING",)])


def test_a_connection_that_was_cut_is_opened_again(valkey: ValkeyServer, open_client: OpenClient) -> None:
    with TcpProxy(valkey.port) as proxy:
        client = open_client(f"valkey://127.0.0.1:{proxy.port}")
        client.ping()
        proxy.cut_after(3)
        with pytest.raises(StoreUnavailable) as unavailable:
            client.execute([("SET", "a", 1)])
        assert unavailable.value.may_be_done
        client.ping()
        assert client.execute([("GET", "a")]) == [b"1"]


def test_after_a_failover_behind_its_address_the_new_primary_is_asked(
    start_valkey: StartValkey, open_client: OpenClient
) -> None:
    old, new = start_valkey(), start_valkey()
    with TcpProxy(old.port) as proxy:
        client = open_client(f"valkey://127.0.0.1:{proxy.port}")
        assert client.execute([("SET", "a", "old")]) == [b"OK"]
        old.run("REPLICAOF", "127.0.0.1", new.port)
        proxy.target = new.port
        (refused,) = client.execute([("SET", "a", "new")])
        assert isinstance(refused, Refused)
        assert refused.reason == "it is a read-only replica"
        assert client.execute([("SET", "a", "new")]) == [b"OK"]
    assert new.run("GET", "a") == b"new"


def test_connections_are_limited(valkey: ValkeyServer, open_client: OpenClient) -> None:
    with TcpProxy(valkey.port) as proxy:
        client = open_client(f"valkey://127.0.0.1:{proxy.port}", max_connections=1)
        commands: list[Command] = [("INCR", "n")]
        assert [client.execute(commands) for _ in range(3)] == [[1], [2], [3]]
        assert proxy.accepted == 1


def test_a_ping_notices_a_cluster_that_is_down(
    valkey_cluster: ValkeyCluster, open_client: OpenClient
) -> None:
    client = open_client(valkey_cluster.url)
    client.ping()
    slot = valkey_cluster.servers[0].run("CLUSTER KEYSLOT", "a")
    owner = client.topology.node_of(("GET", "a"))
    server = next(each for each in valkey_cluster.servers if each.port == owner.port)
    server.run("CLUSTER DELSLOTS", slot)
    try:
        with pytest.raises(StoreUnavailable, match="its cluster is down"):
            ping_until_it_fails(client)
        (refused,) = client.execute([("GET", "a")])
        assert isinstance(refused, Refused)
        assert refused.code == "CLUSTERDOWN"
    finally:
        server.run("CLUSTER ADDSLOTS", slot)


def test_a_ping_finds_out_the_servers_of_a_cluster_anew_after_a_failure(
    valkey_cluster: ValkeyCluster, open_client: OpenClient
) -> None:
    client = open_client(valkey_cluster.url)
    nodes = client.topology.nodes
    gone = Node("127.0.0.1", free_port())
    client._topology = Topology([gone, *nodes[1:]], [gone] * 16384)  # noqa: SLF001  # before another has replaced it
    with pytest.raises(StoreUnavailable):
        client.ping()
    client.ping()
    assert client.topology.nodes == nodes


def test_a_call_that_is_under_way_gets_its_reply_after_the_client_was_closed(
    valkey: ValkeyServer, open_client: OpenClient, concurrency: Concurrency
) -> None:
    client = open_client(valkey.url, timeout=60.0)
    under_way = Call(concurrency, lambda: client.execute([("BLPOP", "a", 0)]))
    await_blocked(valkey, 1, concurrency)
    client.close()
    valkey.run("RPUSH", "a", "x")
    assert under_way.end() == [[b"a", b"x"]]
    await_clients(valkey, 0, concurrency)


def test_a_call_that_is_under_way_gets_its_reply_after_its_server_has_left_the_store(
    start_valkey: StartValkey, open_client: OpenClient, concurrency: Concurrency
) -> None:
    server, other = start_valkey(), start_valkey()
    client = open_client(server.url, timeout=60.0)
    left = Node("127.0.0.1", other.port)
    client._topology = Topology([left])  # noqa: SLF001  # as it was before the server has left
    under_way = Call(concurrency, lambda: client.execute([("BLPOP", "a", 0)]))
    await_blocked(other, 1, concurrency)
    assert left not in client.refresh().nodes
    other.run("RPUSH", "a", "x")
    assert under_way.end() == [[b"a", b"x"]]
    await_clients(other, 0, concurrency)


def test_a_closed_client_opens_no_connections(valkey: ValkeyServer, open_client: OpenClient) -> None:
    with TcpProxy(valkey.port) as proxy:
        client = open_client(f"valkey://127.0.0.1:{proxy.port}")
        node = client.topology.nodes[0]
        client.close()
        accepted = proxy.accepted
        for use in (client.ping, client.refresh, lambda: client.connection(node)):
            with pytest.raises(StoreUnavailable, match="its connections are closed") as unavailable:
                use()
            assert not unavailable.value.may_be_done
        client.close()
        assert proxy.accepted == accepted
