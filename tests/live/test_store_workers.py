"""Several servers with several workers on one store are exactly one: no rule, id, key or bound is counted twice."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.app import create_app
from sandbox.settings import Settings
from tests.conftest import cached_scenario
from tests.live.store_machines import LIST, Client, Machines, together, worker_of
from tests.live.wire import Response

pytestmark = pytest.mark.needs("valkey-server")

CALLS = 50
CREATE = {"contact_id": "WAz8eIbvDR60rouK"}
STATUS = {"fault": {"type": "status", "status": 503}}
NOT_COMPARED = {"x-request-id", "date", "connection", "transfer-encoding"}
"""Headers that differ between processes, or that only a server sends."""


def one_process(token: str) -> FlaskClient:
    """Return a client of an application in memory with the settings of the machines."""
    client = create_app(Settings(scenario="blank"), scenario=cached_scenario("blank")).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def statuses(responses: list[Response]) -> Counter[int]:
    return Counter(response.status for response in responses)


@pytest.mark.parametrize(
    ("rule", "fired"),
    [
        ({"times": 2} | STATUS, 2),
        ({"skip": 45} | STATUS, 5),
        ({"every": 5} | STATUS, 10),
        ({"skip": 10, "every": 4, "times": 7} | STATUS, 7),
        ({"fault": {"type": "rate_limit", "limit": 20, "window_seconds": 60}}, 30),
    ],
    ids=["times", "skip", "every", "together", "rate_limit"],
)
def test_rule_fires_exactly_as_often_as_in_one_process(
    machines: Machines, token: str, rule: dict[str, Any], fired: int
) -> None:
    clients = machines.clients(token, CALLS)
    added = clients[0].control("POST", "faults", rule)
    responses = together(clients, "GET", LIST)
    assert len({worker_of(response) for response in responses}) == machines.workers
    assert statuses(responses) == {429 if "limit" in rule["fault"] else 503: fired, 200: CALLS - fired}
    for client in clients[: machines.workers]:
        counted = client.control("GET", f"faults/{added['id']}")
        assert (counted["matched"], counted["fired"]) == (CALLS, fired)


def test_probability_draws_for_each_call_what_it_draws_in_one_process(machines: Machines, token: str) -> None:
    rule = {"probability": 0.3} | STATUS
    alone = one_process(token)
    assert alone.post("/__admin/faults", json=rule).status_code == 201
    expected = [alone.get(LIST).status_code for _ in range(2 * CALLS)]
    assert 0 < expected.count(503) < 2 * CALLS
    clients = machines.clients(token, CALLS)
    clients[0].control("POST", "faults", rule)
    assert [client.call("GET", LIST).status for client in clients] == expected[:CALLS]
    assert statuses(together(clients, "GET", LIST)) == Counter(expected[CALLS:])


def test_ids_are_those_of_one_process_and_none_is_given_twice(machines: Machines, token: str) -> None:
    alone = one_process(token)
    expected = [alone.post(LIST, json=CREATE).json["id"] for _ in range(CALLS)]  # type: ignore[index]  # it is JSON
    responses = together(machines.clients(token, CALLS), "POST", LIST, CREATE)
    assert statuses(responses) == {201: CALLS}
    assert sorted(response.json["id"] for response in responses) == sorted(expected)


@pytest.mark.parametrize(
    ("path", "body", "bound"),
    [(LIST, CREATE, 52), ("/__admin/faults", STATUS, 12), ("/__admin/snapshots", {}, 6)],
    ids=["conversations", "rules", "snapshots"],
)
def test_bound_is_reached_exactly(
    machines: Machines, token: str, path: str, body: dict[str, Any], bound: int
) -> None:
    clients = machines.clients(token, 60)
    assert statuses(together(clients, "POST", path, body)) == {201: bound, 507: 60 - bound}


def test_creates_with_one_key_make_one_conversation(machines: Machines, token: str) -> None:
    clients = machines.clients(token, CALLS)
    responses = together(clients, "POST", LIST, CREATE, Idempotency_Key="once")
    assert statuses(responses) == {201: CALLS}
    assert len({response.body for response in responses}) == 1
    replayed = [response.headers["Idempotent-Replayed"] for response in responses]
    assert Counter(replayed) == {None: 1, "true": CALLS - 1}
    assert len(clients[-1].call("GET", LIST).json["data"]) == 1


Ask = Callable[..., tuple[int, dict[str, str], bytes]]


def conversation_of_calls(ask: Ask) -> list[tuple[int, dict[str, str], bytes]]:
    """Make calls of all kinds, and return their answers."""
    answers = [ask("PUT", "/__admin/clock", {"action": "freeze", "at": 1_800_000_000})]
    rules = [
        {"match": {"method": "PUT"}, "probability": 0.5} | STATUS,
        {"match": {"method": "GET"}, "every": 3, "fault": {"type": "rate_limit", "limit": 4}},
        {"match": {"method": "DELETE"}, "times": 2, "fault": {"type": "malformed_json"}},
        {
            "match": {"method": "GET"},
            "probability": 0.4,
            "delay": {"type": "uniform", "lower": 0, "upper": 3},
        },
    ]
    answers += [ask("POST", "/__admin/faults", rule) for rule in rules]
    for number in range(12):
        created = ask("POST", LIST, {"contact_id": f"contact{number}"}, Idempotency_Key=f"key{number // 2}")
        answers += [created, ask("GET", LIST), ask("GET", f"{LIST}?limit=3&muted=true")]
        path = f"{LIST}/{json_id(created[2])}"
        answers += [ask("PUT", path, {"is_muted": number % 2 == 0}), ask("GET", path)]
        if number % 3 == 0:
            answers.append(ask("PUT", "/__admin/clock", {"action": "advance", "seconds": 40}))
        if number % 4 == 3:
            answers.append(ask("DELETE", path))
        if number == 5:
            answers.append(ask("POST", "/__admin/snapshots", {}))
        if number == 9:
            answers.append(ask("POST", "/__admin/snapshots/snapshot-1/restore", {}))
    answers += [
        ask("GET", "/__admin/faults"),
        ask("GET", "/__admin/state"),
        ask("GET", "/__admin/requests/count"),
    ]
    answers += [ask("POST", "/__admin/reset", {"scenario": "default", "seed": 7})]
    return [*answers, *(ask("GET", f"{LIST}?limit=20") for _ in range(4))]


def json_id(body: bytes) -> str:
    return str(Response(0, None, body).json.get("id", "none"))  # type: ignore[arg-type]  # it has no headers


def test_same_calls_get_the_same_bytes_as_from_one_process(machines: Machines, token: str) -> None:
    alone, clients = one_process(token), machines.clients(token)
    turn: list[Client] = []

    def ask_one(
        method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent: dict[str, Any] = (
            {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        )
        response = alone.open(path, method=method, headers=named, **sent)
        return response.status_code, compared(response.headers.items()), response.data

    def ask_in_turn(
        method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        turn[:] = turn or clients
        response = turn.pop().call(method, path, body, **headers)
        return response.status, compared(response.headers.items()), response.body

    for mine, expected in zip(
        conversation_of_calls(ask_in_turn), conversation_of_calls(ask_one), strict=True
    ):
        assert mine == expected


def compared(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers if name.lower() not in NOT_COMPARED}
