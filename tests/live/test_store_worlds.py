"""Worlds that several servers share: each worker sees at once what another has answered."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.server import wait_until
from tests.live.store_machines import LIST, Client, Machines, together
from tests.live.wire import assert_error
from tests.valkey_fixtures import StartValkey

pytestmark = pytest.mark.needs("valkey-server")

CREATE = {"contact_id": "WAz8eIbvDR60rouK"}
FIVE_MINUTES = 300_000
SLEEPERS = 16
LONG = "x" * 8000
"""A text of which some changes make the log so long that a checkpoint takes its place."""
MAX_SECONDS = 3.0
"""Upper bound for busy machines. A tenth of a second is usual."""
NEWEST = f"{LIST}?limit=1"


def test_each_worker_reads_what_another_has_written(machines: Machines, token: str) -> None:
    clients = machines.clients(token)
    path = f"{LIST}/{clients[0].call('POST', LIST, CREATE).json['id']}"
    for number in range(100):
        writer = clients[number % 4]
        written = writer.call("PUT", path, {"pinned_message_id": f"message{number}"})
        assert written.status == 200
        readers = [client for client in clients if client is not writer]
        assert {response.body for response in together(readers, "GET", path)} == {written.body}


def test_creates_and_deletes_are_seen_by_each_worker(machines: Machines, token: str) -> None:
    clients = machines.clients(token)
    for number in range(50):
        writer, readers = clients[number % 4], clients
        created = writer.call("POST", LIST, {"contact_id": f"contact{number}"})
        assert {each.json["data"][0]["id"] for each in together(readers, "GET", NEWEST)} == {
            created.json["id"]
        }
        assert writer.call("DELETE", f"{LIST}/{created.json['id']}").status == 204
        assert [each.json["data"] for each in together(readers, "GET", NEWEST)] == [[]] * 4


def test_clock_snapshots_and_imports_are_seen_by_each_worker(machines: Machines, token: str) -> None:
    clients = machines.clients(token)
    first = clients[0].control("GET", "state")
    for number in range(12):
        writer, readers = clients[number % 4], clients[:]
        readers.remove(writer)
        writer.control("PUT", "clock", {"action": "freeze", "at": 1000 + number})
        assert {each.control("GET", "clock")["now"] for each in readers} == {1000 + number}
        saved = writer.control("POST", "snapshots", {})
        assert writer.call("POST", LIST, CREATE).json["created_at"] == 1000 + number
        readers[0].control("POST", f"snapshots/{saved['id']}/restore", {})
        assert [each.json["data"] for each in together(clients, "GET", NEWEST)] == [[]] * 4
        readers[1].control("DELETE", f"snapshots/{saved['id']}")
        assert [each.control("GET", "snapshots")["data"] for each in clients] == [[]] * 4
    clients[3].control("PUT", "state", first)
    assert [client.control("GET", "state") for client in clients] == [first] * 4


def test_rules_of_the_server_apply_in_all_workers_at_once(machines: Machines, token: str) -> None:
    clients, operators = machines.clients(token), machines.clients("")
    for number in range(20):
        rule = {"fault": {"type": "status", "status": 500 + number}}
        added = operators[number % 4].control("POST", "faults", rule)
        try:
            assert [each.status for each in together(clients, "GET", LIST)] == [500 + number] * 4
        finally:
            operators[(number + 1) % 4].control("DELETE", f"faults/{added['id']}")
        assert [each.status for each in together(clients, "GET", LIST)] == [200] * 4


@contextmanager
def sleeping(clients: list[Client], watcher: Client, method: str, body: Any = None) -> Iterator[None]:
    """Let calls of all clients sleep, and require that all of them have ended soon after the block."""
    for client in clients:
        client.send(method, LIST, body)
    wait_until(lambda: watcher.control("GET", "faults")["data"][0]["matched"] >= len(clients))
    began = time.monotonic()
    yield
    assert time.monotonic() - began < MAX_SECONDS


def test_reset_in_one_worker_wakes_the_calls_in_all_others_and_none_of_them_writes(
    machines: Machines, token: str
) -> None:
    clients = machines.clients(token, SLEEPERS)
    watchers = machines.clients(token)
    for number, reset in enumerate(RESETS):
        watchers[number].control("POST", "faults", {"delay": FIVE_MINUTES, "match": {"method": "POST"}})
        with sleeping(clients, watchers[number], "POST", CREATE):
            reset(watchers[number])
            for client in clients:
                assert "reset" in assert_error(client.receive(), 503)
        assert [each.json["data"] for each in together(watchers, "GET", LIST)] == [[]] * 4
        watchers[number].control("DELETE", "faults")


RESETS: list[Callable[[Client], Any]] = [
    lambda client: client.control("POST", "reset", {}),
    lambda client: client.control("PUT", "state", client.control("GET", "state")),
    lambda client: client.control(
        "POST", f"snapshots/{client.control('POST', 'snapshots', {})['id']}/restore", {}
    ),
]


@pytest.mark.parametrize("is_of_server", [False, True], ids=["sandbox", "server"])
def test_calls_in_all_workers_go_on_when_their_rule_is_removed(
    machines: Machines, token: str, is_of_server: bool
) -> None:
    clients = machines.clients(token, SLEEPERS)
    (operator, *_) = machines.clients("" if is_of_server else token)
    rule = operator.control("POST", "faults", {"delay": FIVE_MINUTES, "match": {"method": "POST"}})
    try:
        with sleeping(clients, operator, "POST", CREATE):
            operator.control("DELETE", f"faults/{rule['id']}")
            assert [client.receive().status for client in clients] == [201] * SLEEPERS
    finally:
        operator.control("DELETE", "faults")


def test_sandbox_that_is_dropped_wakes_the_calls_in_all_workers(machines: Machines, token: str) -> None:
    clients = machines.clients(token, SLEEPERS)
    (watcher, *_), (operator, *_) = machines.clients(token), machines.clients("")
    watcher.control("POST", "faults", {"delay": FIVE_MINUTES, "match": {"method": "POST"}})
    with sleeping(clients, watcher, "POST", CREATE):
        # It was used last: by the calls that sleep, and by the one that has waited for them.
        newest = min(operator.control("GET", "sandboxes")["data"], key=lambda each: each["idle_seconds"])
        operator.control("DELETE", f"sandboxes/{newest['id']}")
        for client in clients:
            assert_error(client.receive(), 503)
    assert watcher.call("GET", LIST).json["data"] == []


def picture(client: Client) -> dict[str, Any]:
    """Return what the control API shows of a world, without what belongs to the process."""
    paths = ("state", "requests", "faults", "clock", "snapshots")
    shown = {path: client.control("GET", path) for path in paths}
    del shown["requests"]["boot_id"]
    return shown


def test_worlds_outlive_all_servers(start_valkey: StartValkey, tmp_path: Path) -> None:
    store = start_valkey()
    old = Machines(tmp_path, store.url, "--scenario", "documented", workers=1)
    tokens = ["first", "second", "third"]
    for token in tokens:
        client = old.clients(token)[1]
        client.control("PUT", "clock", {"action": "freeze", "at": 5})
        client.control("POST", "faults", {"times": 2, "fault": {"type": "status", "status": 503}})
        assert [client.call("GET", LIST).status for _ in range(2)] == [503, 503]
        client.control("POST", "snapshots", {})
        assert client.call("POST", LIST, {"contact_id": token}).status == 201
    client.control("POST", "worlds", {"name": "checkout", "ttl_seconds": 600})
    old.clients("")[0].control("POST", "faults", {"name": "all", "enabled": False, "fault": {"type": "hang"}})
    before = [picture(client) for token in tokens for client in old.clients(token)]
    assert old.end() == [0, 0]
    new = Machines(tmp_path, store.url, "--scenario", "documented", servers=1)
    after = [picture(client) for token in tokens for client in new.clients(token)]
    for operator in new.clients(""):
        assert operator.control("GET", "health")["sandboxes"] == 4
        assert len(operator.control("GET", "sandboxes")["data"]) == 4
        assert [rule["name"] for rule in operator.control("GET", "faults")["data"]] == ["all"]
    assert new.end() == [0]
    assert after == before


def test_call_that_sleeps_is_done_however_much_others_write_meanwhile(machines: Machines, token: str) -> None:
    clients = machines.clients(token)
    sleeper, writer = clients[:2]
    rule = {"delay": FIVE_MINUTES, "match": {"method": "POST"}}
    added = writer.control("POST", "faults", rule)
    with sleeping([sleeper], writer, "POST", CREATE):
        # Several checkpoints are made, and the log that the sleeping call's worker knows is gone.
        for number in range(60):
            document = {"name": f"{number}", "fault": {"type": "status", "status": 500, "body": LONG}}
            other = writer.control("POST", "faults", {"match": {"path": "/v1/none"}} | document)
            writer.control("DELETE", f"faults/{other['id']}")
        writer.control("DELETE", f"faults/{added['id']}")
        assert sleeper.receive().status == 201
    states = [client.control("GET", "state") for client in clients]
    assert states == states[:1] * 4
    assert len(states[0]["conversations"]) == 1
