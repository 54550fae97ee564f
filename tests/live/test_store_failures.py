"""A store that fails under load: nothing that was answered is lost, nothing is there twice, and service returns."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.live.server import wait_until
from tests.live.store_machines import LIST, WORKERS, Machines
from tests.live.store_writers import (
    MAX_SECONDS,
    assert_nothing_is_lost_or_twice,
    go_on,
    writing,
)
from tests.live.test_workers import workers_of
from tests.live.wire import assert_error
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyCluster, ValkeyServer, free_port

pytestmark = [pytest.mark.needs("valkey-server"), pytest.mark.outages]

FLAGS = (
    *("--scenario", "blank", "--journal-entries", "100000", "--journal-bytes", "100000000"),
    *("--max-rules", "1000"),
)
WORLDS = 9
"""The number of worlds in a cluster, so that some are on each of its three servers."""
CUTS = (*range(1, 24), 40, 61, 62, 63, 100, 150, 151, 200, 333, 400, 700, 1111, 1500, 2500, 4001, 9000)
"""The numbers of bytes of replies after which a connection is cut, one after the other."""


class Place:
    """Two servers of two workers, and their store behind a proxy, which leads to the ``primary``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._stores: list[ValkeyServer] = []
        self.primary = self.add_store()
        self.proxy = TcpProxy(self.primary.port)
        self.machines = Machines(folder, f"valkey://127.0.0.1:{self.proxy.port}", *FLAGS)

    def add_store(self, **options: Any) -> ValkeyServer:
        """Start another server that may become the primary."""
        folder = self._folder / f"valkey-{next(self._numbers)}"
        self._stores.append(ValkeyServer(folder, appendonly="yes", repl_diskless_sync_delay="0", **options))
        return self._stores[-1]

    def lead_to(self, store: ValkeyServer) -> None:
        """Let another server be the primary from now on. Connections that are open stay."""
        self.primary = store
        self.proxy.target = store.port

    def end(self) -> None:
        self.machines.end()
        self.proxy.__exit__()
        for store in self._stores:
            store.end()


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("place"))
    yield place
    place.end()
    for server in place.machines.servers:
        assert "Traceback" not in server.log


@pytest.fixture
def place(shared_place: Place) -> Iterator[Place]:
    shared_place.machines.wait_until_ok("probe")
    shared_place.machines.close_clients()
    yield shared_place
    shared_place.machines.close_clients()


@pytest.mark.parametrize("policy", ["everysec", "always"])
def test_nothing_is_lost_when_the_store_is_killed_and_started_again(
    place: Place, token: str, policy: str
) -> None:
    place.primary.run("CONFIG", "SET", "appendfsync", policy)
    with writing(place.machines, token) as writers:
        for _ in range(2):
            # While the file is synced, everysec holds back writes that are answered already.
            wait_until(lambda: not place.primary.run("INFO", "persistence")["aof_pending_bio_fsync"])
            place.primary.kill()
            place.primary.restart(appendfsync=policy)
            go_on(writers)
    assert max(writer.slowest for writer in writers) < MAX_SECONDS
    assert any(writer.refused for writer in writers)
    assert_nothing_is_lost_or_twice(place.machines, token, writers)


def test_nothing_is_lost_when_a_worker_is_killed(place: Place, token: str) -> None:
    with writing(place.machines, token) as writers:
        for server in place.machines.servers:
            before = workers_of(server)
            dead = max(before)
            os.kill(dead, signal.SIGKILL)
            wait_until(lambda: len(workers_of(server) - before) == 1)  # noqa: B023  # it is called now
            go_on(writers)
            assert len(workers_of(server)) == WORKERS
    assert_nothing_is_lost_or_twice(place.machines, token, writers)


def test_calls_get_503_while_the_store_is_paused_and_service_returns(place: Place, token: str) -> None:
    with writing(place.machines, token) as writers:
        clients = place.machines.clients("other")
        place.primary.stop()
        try:
            for client in clients:
                began = time.monotonic()
                response = client.call("GET", LIST)
                assert time.monotonic() - began < MAX_SECONDS
                assert "(--store) cannot be reached" in assert_error(response, 503)
                assert response.headers["Retry-After"] == "1"
            for client in clients:
                began = time.monotonic()
                health = client.control("GET", "health")
                assert health["status"] == "degraded"
                assert health["reason"]
                for path in ("/__admin/scenarios", "/__admin/presets", "/openapi.json", "/__admin/"):
                    assert client.call("GET", path).status == 200
                assert client.call("GET", LIST).status == 503
                assert time.monotonic() - began < 1.0 + MAX_SECONDS
        finally:
            place.primary.cont()
        wait_until(lambda: {client.call("GET", LIST).status for client in clients} == {200})
        place.machines.wait_until_ok(token)
    assert max(writer.slowest for writer in writers) < MAX_SECONDS
    assert_nothing_is_lost_or_twice(place.machines, token, writers)


def test_nothing_is_lost_or_twice_when_connections_are_cut_in_replies(place: Place, token: str) -> None:
    with writing(place.machines, token) as writers:
        for reply_bytes in CUTS:
            place.proxy.cut_after(reply_bytes)
            go_on(writers, rounds=1)
    assert any(writer.refused for writer in writers)
    assert_nothing_is_lost_or_twice(place.machines, token, writers)


def test_streams_say_that_calls_are_missing_after_connections_were_cut(place: Place, token: str) -> None:
    streams = [client.events() for client in place.machines.clients(token)]
    place.proxy.target = free_port()
    place.proxy.cut()
    place.lead_to(place.primary)
    for stream in streams:
        wait_until(lambda: stream.readline() == b"event: dropped\n")  # noqa: B023  # it is called now
        assert stream.readline() == b'data: {"count": null}\n'
    place.machines.wait_until_ok("probe")
    (client, *_) = place.machines.clients(token)
    assert client.call("GET", LIST, X_Request_Id="after").status == 200
    for stream in streams:
        wait_until(lambda: stream.readline() == b"id: after\n")  # noqa: B023  # it is called now


def test_writes_are_refused_while_the_memory_is_full_and_reads_go_on(place: Place, token: str) -> None:
    clients = place.machines.clients("full")
    created = clients[0].call("POST", LIST, {"contact_id": "before"}).json
    (operator, *_) = place.machines.clients("")
    with writing(place.machines, token) as writers:
        place.primary.run("CONFIG", "SET", "maxmemory", "1mb")
        try:
            wait_until(lambda: all(writer.refused for writer in writers))
            for client in clients:
                assert "refuses commands for the moment" in assert_error(
                    client.call("POST", LIST, {"contact_id": "during"}), 503
                )
                assert client.call("GET", f"{LIST}/{created['id']}").status == 200
                assert len(client.call("GET", LIST).json["data"]) == 1
            oldest = max(operator.control("GET", "sandboxes")["data"], key=lambda each: each["idle_seconds"])
            assert operator.call("DELETE", f"/__admin/sandboxes/{oldest['id']}").status == 204
        finally:
            place.primary.run("CONFIG", "SET", "maxmemory", "0")
    assert_nothing_is_lost_or_twice(place.machines, token, writers)
    wait_until(lambda: clients[0].control("GET", "requests/count")["count"] == 1 + 3 * 4)


def test_nothing_is_lost_in_a_failover_to_a_replica(place: Place, token: str) -> None:
    replica = place.add_store(replicaof=f"127.0.0.1 {place.primary.port}")
    old = place.primary
    wait_until(lambda: replica.run("INFO", "replication")["master_link_status"] == "up")
    with writing(place.machines, token) as writers:
        old.run("FAILOVER", "TO", "127.0.0.1", replica.port)
        wait_until(lambda: replica.run("ROLE")[0] == b"master")
        place.lead_to(replica)
        go_on(writers)
    assert_nothing_is_lost_or_twice(place.machines, token, writers)
    assert max(writer.slowest for writer in writers) < MAX_SECONDS
    old.end()


def test_primary_that_has_become_a_replica_is_not_read(place: Place, token: str) -> None:
    old = place.primary
    replica = place.add_store(replicaof=f"127.0.0.1 {old.port}")
    wait_until(lambda: replica.run("INFO", "replication")["master_link_status"] == "up")
    clients = place.machines.clients(token)
    before = [client.control("GET", "state") for client in clients]
    assert before == before[:1] * len(before)
    # All connections lead to the old primary, which gets no further changes.
    old.run("REPLICAOF", "127.0.0.1", free_port())
    replica.run("REPLICAOF", "NO", "ONE")
    place.lead_to(replica)
    wait_until(lambda: clients[0].call("POST", LIST, {"contact_id": "new"}).status == 201)
    states = [client.call("GET", "/__admin/state") for client in clients]
    assert {state.status for state in states} <= {200, 503}
    assert all(len(state.json["conversations"]) == 1 for state in states if state.status == 200)
    place.machines.wait_until_ok(token)
    old.end()


def test_workers_agree_after_the_primary_has_died_and_a_replica_has_taken_its_place(
    place: Place, token: str
) -> None:
    """Replication is asynchronous, so the last writes that were answered may be lost; nothing else may happen."""
    replica = place.add_store(replicaof=f"127.0.0.1 {place.primary.port}")
    wait_until(lambda: replica.run("INFO", "replication")["master_link_status"] == "up")
    with writing(place.machines, token, is_lossy=True) as writers:
        place.primary.kill()
        replica.run("REPLICAOF", "NO", "ONE")
        place.lead_to(replica)
        go_on(writers)
    place.machines.wait_until_ok(token)
    clients = place.machines.clients(token)
    states = [client.control("GET", "state") for client in clients]
    assert states == states[:1] * len(states)
    ids = [each["id"] for each in states[0]["conversations"]]
    assert len(set(ids)) == len(ids)
    created = clients[0].call("POST", LIST, {"contact_id": "after"})
    assert created.status == 201
    assert created.json["id"] not in ids
    assert [client.call("GET", f"{LIST}/{created.json['id']}").body for client in clients] == [
        created.body
    ] * 4


def test_cluster_of_three_primaries_serves_worlds_and_outlives_one_of_them(tmp_path: Path) -> None:
    cluster = ValkeyCluster(tmp_path / "cluster", appendonly="yes")
    # With a key of its own, the ids of the worlds are always the same, and so are their servers.
    machines = Machines(tmp_path, cluster.url, *FLAGS, "--id-key", "cluster", servers=1)
    try:
        for number in range(WORLDS):
            first, second = machines.clients(f"token{number}")
            created = first.call("POST", LIST, {"contact_id": "WAz8eIbvDR60rouK"})
            assert created.status == 201
            assert second.call("GET", created.headers["Location"]).body == created.body
        assert all(server.run("KEYS", "*:log") for server in cluster.servers)
        with writing(machines, "me") as writers:
            dead = cluster.servers[2]
            dead.kill()
            wait_until(lambda: all(writer.refused for writer in writers))
            dead.restart()
            cluster.wait_until_up()
            go_on(writers)
        assert_nothing_is_lost_or_twice(machines, "me", writers)
        assert machines.clients("")[0].control("GET", "health")["sandboxes"] == WORLDS + 1
    finally:
        machines.end()
        cluster.end()
    assert "Traceback" not in machines.servers[0].log
