"""The time of a sandbox, as its caller sets it."""

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
    answer = client.put(PATH, json={"action": action, **more})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    assert client.get(PATH).get_json() == shown
    return shown


def created_at(client: FlaskClient) -> int:
    made: int = client.post(COLLECTION, data={"contact_id": "a"}).get_json()["created_at"]
    return made


def test_a_clock_starts_with_that_of_the_machine_and_runs(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    assert api.get(PATH).get_json() == {"now": NOW, "frozen": False}
    clock.now += 1.2345678
    assert api.get(PATH).get_json() == {"now": NOW + 1.235, "frozen": False}


@pytest.mark.parametrize("at", [0, 5, 692233200.25, NOW, NOW + 1e9, LATEST_TIMESTAMP])
def test_a_clock_freezes_in_the_past_and_in_the_future(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace, at: float
) -> None:
    api = open_api()
    assert change(api, "freeze", at=at) == {"now": at, "frozen": True}
    clock.now += 1000
    assert api.get(PATH).get_json() == {"now": at, "frozen": True}
    assert created_at(api) == int(at)


def test_a_clock_freezes_where_it_is(open_api: Callable[..., FlaskClient], clock: SimpleNamespace) -> None:
    api = open_api()
    change(api, "advance", seconds=50)
    clock.now += 5
    assert change(api, "freeze") == {"now": NOW + 55, "frozen": True}
    clock.now += 5
    assert change(api, "freeze") == {"now": NOW + 55, "frozen": True}


def test_a_clock_advances_frozen_or_not(open_api: Callable[..., FlaskClient], clock: SimpleNamespace) -> None:
    api = open_api()
    assert change(api, "advance", seconds=3600) == {"now": NOW + 3600, "frozen": False}
    clock.now += 1
    assert created_at(api) == NOW + 3601
    assert change(api, "freeze", at=100) == {"now": 100, "frozen": True}
    assert change(api, "advance", seconds=0.5) == {"now": 100.5, "frozen": True}
    assert change(api, "advance", seconds=0) == {"now": 100.5, "frozen": True}
    assert created_at(api) == 100


def test_a_clock_resumes_from_where_it_stands(
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


def test_a_clock_runs_on_where_the_machine_s_is_set_back(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    change(api, "advance", seconds=10)
    clock.now -= 1000
    assert api.get(PATH).get_json()["now"] == NOW + 10
    assert change(api, "advance", seconds=5)["now"] == NOW + 15
    assert created_at(api) == NOW + 15


@pytest.mark.parametrize("back", [1, 3600])
def test_a_resumed_clock_does_not_go_back_with_the_machine_s_before_anybody_looked(back: float) -> None:
    machine = SimpleNamespace(now=NOW)
    clock = Clock(lambda: machine.now)
    clock.freeze()
    assert clock.time() == NOW
    clock.resume()
    machine.now -= back
    assert clock.time() == NOW


steps = st.one_of(
    st.tuples(st.just("run"), st.floats(-100, 1000)),
    st.tuples(st.just("advance"), st.floats(0, 1e6)),
    st.tuples(st.just("freeze"), st.none()),
    st.tuples(st.just("resume"), st.none()),
    st.tuples(st.just("look"), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(steps, max_size=12), start=st.floats(1e9, 2e9))
def test_a_clock_never_goes_back_but_where_it_is_frozen_there(
    steps: list[tuple[str, float | None]], start: float
) -> None:
    machine = SimpleNamespace(now=start)
    clock = Clock(lambda: machine.now)
    latest = clock.time()
    for action, amount in [*steps, ("look", None)]:
        if action == "run":
            machine.now += amount or 0
        elif action == "advance":
            clock.advance(amount or 0)
        elif action == "freeze":
            clock.freeze()
        elif action == "resume":
            clock.resume()
        else:
            assert clock.time() >= latest
            latest = clock.time()


def test_times_come_from_the_clock_of_one_sandbox(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    one, other = ({"Authorization": f"Bearer {token}"} for token in ("one", "other"))
    client.put(PATH, headers=one, json={"action": "freeze", "at": 5})
    assert client.get(PATH, headers=other).get_json() == {"now": NOW, "frozen": False}
    made = client.post(COLLECTION, headers=other, data={"contact_id": "a"}).get_json()
    assert made["created_at"] == NOW


def test_the_journal_and_the_snapshots_tell_the_sandbox_s_time(api: FlaskClient) -> None:
    change(api, "freeze", at=5.25)
    api.get(COLLECTION)
    assert api.get("/__admin/requests").get_json()["data"][0]["at"] == 5.25
    assert api.post("/__admin/snapshots", json={}).get_json()["at"] == 5.25


def test_a_rate_limit_counts_on_the_sandbox_s_clock(api: FlaskClient) -> None:
    change(api, "freeze", at=5)
    api.post("/__admin/faults", json={"fault": {"type": "rate_limit", "limit": 1, "window_seconds": 60}})
    assert [api.get(COLLECTION).status_code for _ in range(3)] == [200, 429, 429]
    change(api, "advance", seconds=61)
    assert [api.get(COLLECTION).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("body", "said"),
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
def test_a_mistake_is_named_and_the_clock_stays(
    api: FlaskClient, assert_error_shape: Check, body: dict[str, Any], said: list[str]
) -> None:
    change(api, "freeze", at=1000)
    assert_error_shape(api.put(PATH, json=body), 400, *said)
    assert api.get(PATH).get_json() == {"now": 1000, "frozen": True}


def test_a_clock_advances_to_the_end_of_time_and_not_beyond(
    api: FlaskClient, assert_error_shape: Check
) -> None:
    change(api, "freeze", at=LATEST_TIMESTAMP - 5)
    assert_error_shape(api.put(PATH, json={"action": "advance", "seconds": 5.5}), 400, str(LATEST_TIMESTAMP))
    assert change(api, "advance", seconds=5)["now"] == LATEST_TIMESTAMP
    assert created_at(api) == LATEST_TIMESTAMP


def test_a_clock_is_somebody_s_and_takes_json(api: FlaskClient, assert_error_shape: Check) -> None:
    anonymous = {"Authorization": ""}
    assert_error_shape(api.get(PATH, headers=anonymous), 400, "Authorization: Bearer")
    assert_error_shape(api.put(PATH, headers=anonymous, json={"action": "resume"}), 400, "Authorization")
    assert_error_shape(api.put(PATH, data={"action": "resume"}), 415, "application/json")
    assert_error_shape(api.get(f"{PATH}?at=5"), 400, "at is not known here")
    assert_error_shape(api.post(PATH, json={"action": "resume"}), 405)
