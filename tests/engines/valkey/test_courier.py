"""The courier: commands of all calls, to a real server and to a real cluster, and what it says when they are down."""

from collections.abc import Callable, Iterator

import gevent
import pytest

from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.failures import CommandFailed
from sandbox.engines.valkey.topology import Command, Topology
from sandbox.engines.valkey.watch import Watch
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from tests.engines.valkey.conftest import OpenClient
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyCluster, ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")

KEYS = [f"world:{{{number}}}" for number in range(50)]


class Desk:
    """A courier with its client and its watch, which pings only when the test says so."""

    def __init__(self, open_client: OpenClient, url: str, concurrency: Concurrency) -> None:
        self.client = open_client(url)
        self.watch = Watch(self.client.ping, concurrency)
        self.courier = Courier(self.client, self.watch)
        self.ask = self.courier.ask


OpenDesk = Callable[[str], Desk]


@pytest.fixture
def open_desk(open_client: OpenClient, concurrency: Concurrency) -> Iterator[OpenDesk]:
    desks: list[Desk] = []

    def open_(url: str) -> Desk:
        desks.append(Desk(open_client, url, concurrency))
        return desks[-1]

    yield open_
    for desk in desks:
        desk.courier.close()


def test_commands_are_answered_in_their_order(valkey: ValkeyServer, open_desk: OpenDesk) -> None:
    desk = open_desk(valkey.url)
    assert desk.ask(("SET", "a", 1), ("INCR", "a"), ("GET", "a")) == [b"OK", 2, b"2"]
    assert desk.ask() == []


def test_a_failed_command_is_a_reply(valkey: ValkeyServer, open_desk: OpenDesk) -> None:
    done, failed = open_desk(valkey.url).ask(("SET", "a", "x"), ("INCR", "a"))
    assert done == b"OK"
    assert isinstance(failed, CommandFailed)


def test_commands_reach_the_nodes_of_a_cluster(valkey_cluster: ValkeyCluster, open_desk: OpenDesk) -> None:
    desk = open_desk(valkey_cluster.url)
    assert [desk.ask(("SET", key, key)) for key in KEYS] == [[b"OK"]] * len(KEYS)
    commands: list[Command] = [("GET", key) for key in KEYS]
    assert desk.ask(*commands) == [key.encode() for key in KEYS]


def test_commands_are_redirected_after_slots_have_moved(
    valkey_cluster: ValkeyCluster, open_desk: OpenDesk
) -> None:
    desk = open_desk(valkey_cluster.url)
    nodes = desk.client.topology.nodes
    desk.client._topology = Topology(nodes, [nodes[0]] * 16384)  # noqa: SLF001  # as it was before
    assert [desk.ask(("SET", key, key)) for key in KEYS] == [[b"OK"]] * len(KEYS)


def test_a_full_memory_makes_the_store_unavailable_for_writes(
    start_valkey: StartValkey, open_desk: OpenDesk
) -> None:
    server = start_valkey()
    desk = open_desk(server.url)
    desk.ask(("SET", "a", 1))
    server.run("CONFIG", "SET", "maxmemory", 1)
    with pytest.raises(StoreUnavailable, match="its memory is full") as unavailable:
        desk.ask(("SET", "a", 2))
    assert not unavailable.value.may_be_done
    assert desk.ask(("GET", "a")) == [b"1"]
    assert desk.watch.is_available


def test_a_replica_makes_it_unavailable_until_the_address_leads_to_a_primary(
    start_valkey: StartValkey, open_desk: OpenDesk
) -> None:
    old, new = start_valkey(), start_valkey()
    with TcpProxy(old.port) as proxy:
        desk = open_desk(f"valkey://127.0.0.1:{proxy.port}")
        desk.ask(("SET", "a", "old"))
        old.run("REPLICAOF", "127.0.0.1", new.port)
        proxy.target = new.port
        with pytest.raises(StoreUnavailable, match="it is a read-only replica"):
            desk.ask(("SET", "a", "new"))
        assert desk.ask(("SET", "a", "new")) == [b"OK"]
        desk.courier.close()
    assert new.run("GET", "a") == b"new"


def test_too_few_replicas_make_it_unavailable(start_valkey: StartValkey, open_desk: OpenDesk) -> None:
    server = start_valkey(min_replicas_to_write="1")
    with pytest.raises(StoreUnavailable, match="it has too few replicas"):
        open_desk(server.url).ask(("SET", "a", 1))


def test_calls_fail_at_once_while_the_store_is_known_to_be_down(
    valkey: ValkeyServer, open_desk: OpenDesk
) -> None:
    with TcpProxy(valkey.port) as proxy:
        desk = open_desk(f"valkey://127.0.0.1:{proxy.port}")
        desk.ask(("PING",))
        proxy.cut_after(2)
        with pytest.raises(StoreUnavailable) as first:
            desk.ask(("PING",))
        assert first.value.may_be_done
        assert desk.watch.reason == first.value.reason
        connections = proxy.accepted
        with pytest.raises(StoreUnavailable) as second:
            desk.ask(("PING",))
        assert second.value.reason == first.value.reason
        assert not second.value.may_be_done
        assert proxy.accepted == connections
        desk.watch.check()
        assert desk.ask(("PING",)) == [b"PONG"]
        desk.courier.close()


def test_a_server_that_was_killed_is_used_again_after_its_restart(
    start_valkey: StartValkey, open_desk: OpenDesk
) -> None:
    server = start_valkey(appendonly="yes", appendfsync="always")
    desk = open_desk(server.url)
    desk.ask(("SET", "a", 1))
    server.kill()
    with pytest.raises(StoreUnavailable):
        desk.ask(("GET", "a"))
    desk.watch.check()
    assert "Connection refused" in (desk.watch.reason or "")
    server.restart()
    desk.watch.check()
    assert desk.ask(("GET", "a")) == [b"1"]


def test_an_unreachable_cluster_is_reported_to_the_watch(
    start_valkey: StartValkey, open_desk: OpenDesk
) -> None:
    server = start_valkey()
    desk = open_desk(server.url)
    server.kill()
    with pytest.raises(StoreUnavailable):
        desk.ask(("PING",))
    assert not desk.watch.is_available


def test_a_closed_courier_opens_no_connections(valkey: ValkeyServer, open_desk: OpenDesk) -> None:
    with TcpProxy(valkey.port) as proxy:
        desk = open_desk(f"valkey://127.0.0.1:{proxy.port}")
        desk.ask(("PING",))
        desk.courier.close()
        accepted = proxy.accepted
        with pytest.raises(StoreUnavailable, match="its connections are closed"):
            desk.ask(("PING",))
        assert proxy.accepted == accepted
        assert desk.watch.is_available


def test_many_greenlets_get_their_own_replies(valkey_cluster: ValkeyCluster, open_desk: OpenDesk) -> None:
    desk = open_desk(valkey_cluster.url)

    def talk(name: str) -> bool:
        return all(
            desk.ask(("SET", f"{{{name}}}a", number), ("GET", f"{{{name}}}a"))[1] == str(number).encode()
            for number in range(50)
        )

    if desk.client.concurrency.socket is gevent.socket:
        talks = [gevent.spawn(talk, str(number)) for number in range(20)]
        assert all(each.get(timeout=60) for each in talks)
    else:
        assert talk("alone")
