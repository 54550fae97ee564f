"""The journal of a world that several servers share: its counters are exact, and its stream has all calls."""

import json
from collections import Counter
from itertools import count
from typing import Any

import pytest

from tests.live.store_machines import LIST, Client, Machines, together, worker_of

pytestmark = pytest.mark.needs("valkey-server")

CALLS = 50
ENTRIES = 60
"""The bound of the journal of the machines."""
CREATE = {"contact_id": "WAz8eIbvDR60rouK"}


def counted(client: Client) -> int:
    number: int = client.control("GET", "requests/count")["count"]
    return number


def test_count_is_right_whichever_worker_is_asked_after_the_last_answer(
    machines: Machines, token: str
) -> None:
    clients = machines.clients(token)
    calls = 0
    for number in range(40):
        asked = [clients[(number + offset) % 4] for offset in range(4)]
        assert asked[0].call("GET", LIST).status == 200
        calls += 1
        assert counted(asked[1 + number % 3]) == calls
    assert [counted(client) for client in clients] == [calls] * 4


def test_journal_has_each_call_of_all_workers_once(machines: Machines, token: str) -> None:
    clients = machines.clients(token, CALLS)
    responses = together(clients, "POST", LIST, CREATE)
    assert len({worker_of(response) for response in responses}) == machines.workers
    ids = Counter(response.headers["X-Request-Id"] for response in responses)
    for client in clients[: machines.workers]:
        journal = client.control("GET", f"requests?limit={CALLS}")
        assert Counter(entry["id"] for entry in journal["data"]) == ids
        assert not journal["truncated"]
        assert client.control("GET", "requests/count?operation=createConversation&status=201") == {
            "count": CALLS
        }
    assert set(ids.values()) == {1}


def test_count_is_exact_although_old_entries_are_dropped(machines: Machines, token: str) -> None:
    clients = machines.clients(token, CALLS)
    for _ in range(3):
        together(clients, "GET", LIST)
    for client in clients[: machines.workers]:
        journal = client.control("GET", "requests?limit=100")
        assert journal["truncated"]
        assert len(journal["data"]) == ENTRIES
        assert counted(client) == 3 * CALLS
    clients[0].control("DELETE", "requests")
    assert [counted(client) for client in clients[: machines.workers]] == [0] * 4


def next_calls(stream: Any, number: int) -> list[dict[str, Any]]:
    """Return the next ``number`` calls of a stream."""
    calls: list[dict[str, Any]] = []
    while len(calls) < number:
        name, _, value = stream.readline().decode().partition(": ")
        if name == "data":
            calls.append(json.loads(value))
    return calls


def test_stream_of_each_worker_has_the_calls_of_all(machines: Machines, token: str) -> None:
    streams = [client.events() for client in machines.clients(token)]
    clients = machines.clients(token, CALLS)
    for _ in range(2):
        responses = together(clients, "GET", LIST)
        ids = Counter(response.headers["X-Request-Id"] for response in responses)
        assert len({worker_of(response) for response in responses}) == machines.workers
        for stream in streams:
            assert Counter(call["id"] for call in next_calls(stream, CALLS)) == ids


def test_stream_has_calls_in_the_order_of_the_journal(machines: Machines, token: str) -> None:
    (listener, *_), clients = machines.clients(token), machines.clients(token)
    stream = listener.events()
    numbers = count()
    ids = [f"call-{next(numbers)}" for _ in range(20)]
    for number, request_id in enumerate(ids):
        clients[number % 4].call("GET", LIST, X_Request_Id=request_id)
    assert [call["id"] for call in next_calls(stream, len(ids))] == ids
    journal = clients[0].control("GET", "requests?limit=20")["data"]
    assert [entry["id"] for entry in reversed(journal)] == ids
