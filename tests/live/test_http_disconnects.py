"""Clients that disconnect during a delay: the slot is freed, the call is not made, and the journal records it."""

import socket
from typing import Any

import httpx

from tests.live.conftest import StartServer
from tests.live.server import TIMEOUT_SECONDS, Server, wait_until
from tests.live.wire import Wire, create, list_conversations, request


def entries(server: Server, token: str) -> list[dict[str, Any]]:
    response = httpx.get(
        f"{server.address}/__admin/requests",
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
    )
    found: list[dict[str, Any]] = response.json()["data"]
    return found


def conversations(server: Server, token: str) -> list[Any]:
    response = httpx.get(f"{server.address}/__admin/state", headers={"Authorization": f"Bearer {token}"})
    found: list[Any] = response.json()["conversations"]
    return found


def rule(server: Server, token: str, **document: Any) -> None:
    response = httpx.post(
        f"{server.address}/__admin/faults", json=document, headers={"Authorization": f"Bearer {token}"}
    )
    assert response.status_code == 201


def fired(server: Server, token: str) -> int:
    response = httpx.get(f"{server.address}/__admin/faults", headers={"Authorization": f"Bearer {token}"})
    number: int = response.json()["data"][0]["fired"]
    return number


def test_a_delayed_create_is_not_made_and_is_journalled_as_client_left(server: Server, token: str) -> None:
    before = list_conversations(server, "untouched")
    rule(server, token, times=1, delay=60_000)
    with Wire(server) as wire:
        wire.send(create(token))
        wait_until(lambda: fired(server, token) == 1)
    wait_until(lambda: bool(entries(server, token)))
    (entry,) = entries(server, token)
    assert (entry["status"], entry["fault"], entry["delay_ms"]) == (None, "client_left", 60_000)
    assert [each["id"] for each in list_conversations(server, token)] == [each["id"] for each in before]


def test_a_fault_keeps_its_name_in_the_journal(server: Server, token: str) -> None:
    rule(server, token, times=1, fault={"type": "hang"})
    with Wire(server) as wire:
        wire.send(create(token))
        wait_until(lambda: fired(server, token) == 1)
    wait_until(lambda: bool(entries(server, token)))
    assert entries(server, token)[0]["fault"] == "hang, client_left"


def test_a_call_made_before_its_response_is_delayed_is_kept(server: Server, token: str) -> None:
    rule(server, token, times=1, phase="after", delay=60_000, fault={"type": "status", "status": 503})
    count = len(conversations(server, "untouched"))
    with Wire(server) as wire:
        wire.send(create(token))
        wait_until(lambda: fired(server, token) == 1)
    wait_until(lambda: bool(entries(server, token)))
    assert entries(server, token)[0]["fault"] == "status after 201, client_left"
    assert len(conversations(server, token)) == count + 1


def test_many_disconnects_free_their_sleep_slots(start: StartServer) -> None:
    server = start("--max-sleepers", "50", "--latency", "60000")
    clients = [socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS) for _ in range(50)]
    for client in clients:
        client.sendall(create("me").encode())

    def status_of_another() -> int:
        try:
            return httpx.get(
                f"{server.address}/v1/conversations", headers={"Authorization": "Bearer me"}, timeout=0.5
            ).status_code
        except httpx.ReadTimeout:
            return 0

    wait_until(lambda: status_of_another() == 503)
    for client in clients:
        client.close()
    # With a free slot the call is delayed itself.
    wait_until(lambda: status_of_another() == 0)


def test_pipelined_requests_are_not_a_disconnect(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", "/v1/conversations?limit=1", token, "Prefer: delay=300"))
        wire.send(request("GET", "/v1/nowhere", token) * 3)
        assert wire.read_response().headers["X-Sandbox-Delay-Ms"] == "300"
        assert [wire.read_response().status for _ in range(3)] == [404, 404, 404]


def test_a_dribbled_response_ends_at_a_disconnect(start: StartServer) -> None:
    server = start("--max-sleepers", "1")
    dribble = {"type": "dribble", "chunks": 3, "milliseconds": 100_000}
    rule(server, "me", delay=dribble)
    with Wire(server) as wire:
        wire.send(request("GET", "/v1/conversations", "me"))
        assert wire.read_status_line() == 200

    def may_begin() -> bool:
        with Wire(server) as wire:
            wire.send(request("GET", "/v1/conversations", "me"))
            return wire.read_status_line() == 200

    wait_until(may_begin)
    assert server.log == ""
