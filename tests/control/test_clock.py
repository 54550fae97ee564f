"""The clock of a sandbox, and its changes by the caller."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world.clock import LATEST_TIMESTAMP, Clock

Check = Callable[..., str]

PATH = "/__admin/clock"
COLLECTION = "/v1/conversations"
NOW = 1_800_000_000.0


def change(client: FlaskClient, action: str, **more: Any) -> dict[str, Any]:
    response = client.put(PATH, json={"action": action, **more})
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.get_json()
    assert client.get(PATH).get_json() == changed
    return changed


def created_at(client: FlaskClient) -> int:
    created: int = client.post(COLLECTION, data={"contact_id": "a"}).get_json()["created_at"]
    return created


def test_clock_starts_at_the_time_of_the_machine_and_runs(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    assert api.get(PATH).get_json() == {"now": NOW, "frozen": False}
    clock.now += 1.2345678
    assert api.get(PATH).get_json() == {"now": NOW + 1.235, "frozen": False}


@pytest.mark.parametrize("at", [0, 5, 692233200.25, NOW, NOW + 1e9, LATEST_TIMESTAMP])
def test_clock_can_be_frozen_in_the_past_and_in_the_future(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace, at: float
) -> None:
    api = open_api()
    assert change(api, "freeze", at=at) == {"now": at, "frozen": True}
    clock.now += 1000
    assert api.get(PATH).get_json() == {"now": at, "frozen": True}
    assert created_at(api) == int(at)


def test_freeze_without_a_time_stops_at_the_current_time(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    change(api, "advance", seconds=50)
    clock.now += 5
    assert change(api, "freeze") == {"now": NOW + 55, "frozen": True}
    clock.now += 5
    assert change(api, "freeze") == {"now": NOW + 55, "frozen": True}


def test_running_and_frozen_clocks_can_be_advanced(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    assert change(api, "advance", seconds=3600) == {"now": NOW + 3600, "frozen": False}
    clock.now += 1
    assert created_at(api) == NOW + 3601
    assert change(api, "freeze", at=100) == {"now": 100, "frozen": True}
    assert change(api, "advance", seconds=0.5) == {"now": 100.5, "frozen": True}
    assert change(api, "advance", seconds=0) == {"now": 100.5, "frozen": True}
    assert created_at(api) == 100


def test_resumed_clock_continues_from_the_frozen_time(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    change(api, "freeze", at=1000)
    clock.now += 500
    assert change(api, "resume") == {"now": 1000, "frozen": False}
    clock.now += 7
    assert api.get(PATH).get_json() == {"now": 1007, "frozen": False}
    assert change(api, "resume") == {"now": 1007, "frozen": False}
    assert created_at(api) == 1007


def test_clock_does_not_go_back_with_the_clock_of_the_machine(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    change(api, "advance", seconds=10)
    clock.now -= 1000
    assert api.get(PATH).get_json()["now"] == NOW + 10
    assert change(api, "advance", seconds=5)["now"] == NOW + 15
    assert created_at(api) == NOW + 15


@pytest.mark.parametrize("seconds", [1, 3600])
def test_resumed_clock_that_was_not_read_does_not_go_back(seconds: float) -> None:
    machine = SimpleNamespace(now=NOW)
    clock = Clock(lambda: machine.now)
    clock.set(clock.frozen())
    assert clock.time() == NOW
    clock.set(clock.resumed())
    machine.now -= seconds
    assert clock.time() == NOW


steps = st.one_of(
    st.tuples(st.just("run"), st.floats(-100, 1000)),
    st.tuples(st.just("advance"), st.floats(0, 1e6)),
    st.tuples(st.just("freeze"), st.none()),
    st.tuples(st.just("resume"), st.none()),
    st.tuples(st.just("read"), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(steps, max_size=12), start=st.floats(1e9, 2e9))
def test_clock_never_goes_back_in_any_sequence_of_actions(
    steps: list[tuple[str, float | None]], start: float
) -> None:
    machine = SimpleNamespace(now=start)
    clock = Clock(lambda: machine.now)
    latest = clock.time()
    for action, amount in [*steps, ("read", None)]:
        if action == "run":
            machine.now += amount or 0
        elif action == "advance":
            clock.set(clock.advanced(amount or 0))
        elif action == "freeze":
            clock.set(clock.frozen())
        elif action == "resume":
            clock.set(clock.resumed())
        else:
            assert clock.time() >= latest
            latest = clock.time()


def test_clocks_of_sandboxes_are_independent(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    one, other = ({"Authorization": f"Bearer {token}"} for token in ("one", "other"))
    client.put(PATH, headers=one, json={"action": "freeze", "at": 5})
    assert client.get(PATH, headers=other).get_json() == {"now": NOW, "frozen": False}
    created = client.post(COLLECTION, headers=other, data={"contact_id": "a"}).get_json()
    assert created["created_at"] == NOW


def test_journal_and_snapshots_use_the_clock_of_the_sandbox(api: FlaskClient) -> None:
    change(api, "freeze", at=5.25)
    api.get(COLLECTION)
    assert api.get("/__admin/requests").get_json()["data"][0]["at"] == 5.25
    assert api.post("/__admin/snapshots", json={}).get_json()["at"] == 5.25


def test_rate_limit_uses_the_clock_of_the_sandbox(api: FlaskClient) -> None:
    change(api, "freeze", at=5)
    api.post("/__admin/faults", json={"fault": {"type": "rate_limit", "limit": 1, "window_seconds": 60}})
    assert [api.get(COLLECTION).status_code for _ in range(3)] == [200, 429, 429]
    change(api, "advance", seconds=61)
    assert [api.get(COLLECTION).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("body", "fragments"),
    [
        ({}, ["action is missing", "freeze, advance, resume"]),
        ({"action": "stop"}, ["action must be one of freeze, advance, resume", '"stop"']),
        ({"action": None}, ["action must be"]),
        ({"action": ["freeze"]}, ["action must be"]),
        ({"action": "FREEZE"}, ["action must be"]),
        ({"action": "freeze", "at": -1}, ["at must be a number from 0"]),
        ({"action": "freeze", "at": LATEST_TIMESTAMP + 1}, ["at must be"]),
        ({"action": "freeze", "at": "5"}, ["at must be"]),
        ({"action": "freeze", "at": None}, ["at must be"]),
        ({"action": "freeze", "at": True}, ["at must be"]),
        ({"action": "freeze", "at": 10**400}, ["at must be"]),
        ({"action": "freeze", "seconds": 5}, ["seconds goes with the action advance"]),
        ({"action": "advance"}, ["seconds goes with the action advance, which needs it"]),
        ({"action": "advance", "seconds": -1}, ["seconds must be a number from 0"]),
        ({"action": "advance", "seconds": "1"}, ["seconds must be"]),
        ({"action": "advance", "at": 5, "seconds": 5}, ["at goes with the action freeze only"]),
        ({"action": "advance", "seconds": LATEST_TIMESTAMP}, ["seconds must not lead beyond", "9999"]),
        ({"action": "resume", "at": 5}, ["at goes with the action freeze"]),
        ({"action": "resume", "second": 5}, ["second is not an attribute", "did you mean seconds?"]),
        ({"acton": "resume"}, ["did you mean action?"]),
    ],
)
def test_invalid_change_is_refused_and_does_not_change_the_clock(
    api: FlaskClient, assert_error_shape: Check, body: dict[str, Any], fragments: list[str]
) -> None:
    change(api, "freeze", at=1000)
    assert_error_shape(api.put(PATH, json=body), 400, *fragments)
    assert api.get(PATH).get_json() == {"now": 1000, "frozen": True}


def test_clock_can_be_advanced_to_the_latest_timestamp_and_no_further(
    api: FlaskClient, assert_error_shape: Check
) -> None:
    change(api, "freeze", at=LATEST_TIMESTAMP - 5)
    assert_error_shape(api.put(PATH, json={"action": "advance", "seconds": 5.5}), 400, str(LATEST_TIMESTAMP))
    assert change(api, "advance", seconds=5)["now"] == LATEST_TIMESTAMP
    assert created_at(api) == LATEST_TIMESTAMP


def test_clock_requires_a_token_and_json(api: FlaskClient, assert_error_shape: Check) -> None:
    anonymous = {"Authorization": ""}
    assert_error_shape(api.get(PATH, headers=anonymous), 400, "Authorization: Bearer")
    assert_error_shape(api.put(PATH, headers=anonymous, json={"action": "resume"}), 400, "Authorization")
    assert_error_shape(api.put(PATH, data={"action": "resume"}), 415, "application/json")
    assert_error_shape(api.get(f"{PATH}?at=5"), 400, "at is not known here")
    assert_error_shape(api.post(PATH, json={"action": "resume"}), 405)
