"""The start with a store: one that cannot be used is refused in one line, however many workers there are."""

import os
import signal
from pathlib import Path

import pytest

from tests.live.server import run, wait_until
from tests.live.store_machines import LIST, Machines
from tests.live.test_workers import workers_of
from tests.live.wire import assert_error
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer, free_port

pytestmark = [pytest.mark.needs("valkey-server"), pytest.mark.outages]


def refused(url: str, folder: Path, *flags: str) -> str:
    """Return what the command says of the store at ``url``, which it refuses."""
    ended = run(
        "--port", "0", "--scenario", "blank", "--workers", "4", *flags, folder=folder, SANDBOX_STORE=url
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.endswith(".\n")
    place = url.rpartition("@")[2].removeprefix("valkey://")
    start = f"protocol-sandbox: --store valkey://{place} "
    assert ended.stderr.startswith(start)
    assert "secret" not in ended.stderr
    return ended.stderr.removeprefix(start)


@pytest.mark.parametrize("workers", ["1", "4"])
def test_store_that_is_not_there(tmp_path: Path, workers: str) -> None:
    line = refused(f"valkey://127.0.0.1:{free_port()}", tmp_path, "--workers", workers)
    assert line.startswith("cannot be reached; check whether the server runs there (")


@pytest.mark.parametrize("user", [":wrong-secret@", ""])
def test_store_that_refuses_the_password(start_valkey: StartValkey, tmp_path: Path, user: str) -> None:
    server = start_valkey(requirepass="secret")
    line = refused(f"valkey://{user}127.0.0.1:{server.port}", tmp_path)
    assert line.startswith("refuses the user or the password" if user else "wants a password")


def test_store_of_an_old_version(valkey: ValkeyServer, tmp_path: Path) -> None:
    version = valkey.run("INFO", "server")["redis_version"]
    with TcpProxy(valkey.port) as proxy:
        proxy.rewrites = f"redis_version:{version}".encode(), f"redis_version:6{version[1:]}".encode()
        line = refused(f"valkey://127.0.0.1:{proxy.port}", tmp_path)
    assert line.startswith(f"has version 6{version[1:]}, which has no functions")


def test_store_without_functions(start_valkey: StartValkey, tmp_path: Path) -> None:
    line = refused(start_valkey(rename_command='FUNCTION ""').url, tmp_path)
    assert line.startswith("has no command FUNCTION")


def test_store_that_is_a_replica(start_valkey: StartValkey, tmp_path: Path) -> None:
    primary = start_valkey()
    line = refused(start_valkey(replicaof=f"127.0.0.1 {primary.port}").url, tmp_path)
    assert line == f"is a replica, which cannot be written to; name its primary, 127.0.0.1:{primary.port}.\n"


def test_store_that_goes_on_loading(start_valkey: StartValkey, tmp_path: Path) -> None:
    server = start_valkey()
    with server.client() as client:
        client.mset({f"key-{number}": "x" * 1000 for number in range(2000)})
        client.save()
    server.kill()
    server.restart(is_loading=True, key_load_delay="20000", loading_process_events_interval_bytes="1024")
    line = refused(server.url, tmp_path)
    assert line == "is still loading its data; start again when it is ready.\n"


def test_store_with_worlds_of_a_newer_format(valkey: ValkeyServer, tmp_path: Path) -> None:
    valkey.run("SET", "sandbox:{server}:format", "2")
    line = refused(valkey.url, tmp_path)
    assert line.startswith("has sandboxes of the format 2, and this version reads the format 1; name another")


def test_worker_that_starts_again_while_the_store_is_down_is_degraded_and_recovers(
    start_valkey: StartValkey, tmp_path: Path
) -> None:
    store = start_valkey(appendonly="yes")
    machines = Machines(tmp_path, store.url, "--scenario", "blank", servers=1)
    (server,) = machines.servers
    created = machines.clients("me")[0].call("POST", LIST, {"contact_id": "WAz8eIbvDR60rouK"}).json
    machines.close_clients()
    store.kill()
    before = workers_of(server)
    for dead in before:
        os.kill(dead, signal.SIGKILL)
    wait_until(lambda: len(workers_of(server) - before) == len(before))
    clients = machines.clients("me")
    for client in clients:
        assert client.control("GET", "health")["status"] == "degraded"
        assert_error(client.call("GET", LIST), 503)
    assert server.process.poll() is None
    store.restart()
    wait_until(lambda: all(client.call("GET", LIST).status == 200 for client in clients))
    for client in clients:
        assert client.call("GET", f"{LIST}/{created['id']}").json == created
        assert client.control("GET", "health")["status"] == "ok"
    assert machines.end() == [0]


def test_store_that_has_lost_its_data_and_its_functions_is_used_again(
    start_valkey: StartValkey, tmp_path: Path
) -> None:
    store = start_valkey()
    machines = Machines(tmp_path, store.url, "--scenario", "blank", servers=1)
    clients = machines.clients("me")
    assert clients[0].call("POST", LIST, {"contact_id": "WAz8eIbvDR60rouK"}).status == 201

    def lose_all() -> None:
        store.kill()
        store.restart()

    def lose_functions() -> None:
        store.run("FUNCTION", "FLUSH")

    for lose in (lose_all, lose_functions):
        lose()
        wait_until(lambda: all(client.call("GET", LIST).status == 200 for client in clients))
        assert [len(client.call("GET", LIST).json["data"]) for client in clients] == [0, 0]
    log = machines.servers[0].log
    assert machines.end() == [0]
    assert "Traceback" not in log
