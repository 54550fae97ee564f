"""Snapshots of a sandbox."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.app import create_app
from sandbox.control import snapshots
from sandbox.control.context import ControlContext
from sandbox.engines.memory import MemoryEngine
from sandbox.schemas.conversation import encode
from sandbox.seeding.scenario import load
from sandbox.settings import Settings
from sandbox.world import release
from sandbox.world.concurrency import Concurrency
from sandbox.world.fleet import LocalFleet
from sandbox.world.pause import no_pause
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.sandbox import Sandbox

Check = Callable[..., str]

PATH = "/__admin/snapshots"
COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"


def take(client: FlaskClient, **sent: Any) -> str:
    response = client.post(PATH, json={}, **sent)
    assert response.status_code == 201, response.text
    taken: str = response.get_json()["id"]
    return taken


def restore(client: FlaskClient, snapshot_id: str) -> None:
    response = client.post(f"{PATH}/{snapshot_id}/restore", json={})
    assert response.status_code == 200, response.text


def snapshot_ids(client: FlaskClient, **sent: Any) -> list[str]:
    return [each["id"] for each in client.get(PATH, **sent).get_json()["data"]]


def state(client: FlaskClient) -> bytes:
    data: bytes = client.get("/__admin/state").data
    return data


def create(client: FlaskClient) -> str:
    created: str = client.post(COLLECTION, data={"contact_id": "a"}).get_json()["id"]
    return created


def test_snapshot_has_id_time_and_number_of_conversations(api: FlaskClient) -> None:
    assert api.get(PATH).get_json() == {"data": []}
    create(api)
    api.put("/__admin/clock", json={"action": "freeze", "at": 5.5})
    response = api.post(PATH, json={})
    assert response.status_code == 201
    shape = {"id": "snapshot-1", "at": 5.5, "conversations": 3}
    assert response.get_json() == shape
    assert api.get(PATH).get_json() == {"data": [shape]}
    assert api.post(f"{PATH}/snapshot-1/restore", json={}).get_json() == shape


def test_restore_brings_back_conversations_clock_and_rules(api: FlaskClient) -> None:
    api.put("/__admin/clock", json={"action": "freeze", "at": 1000})
    api.post("/__admin/faults", json={"match": {"method": "PATCH"}, "delay": 1})
    api.delete(f"{COLLECTION}/hSIhXBhNe8X1d8Et")
    create(api)
    before = state(api)
    taken = take(api)
    api.delete(ITEM)
    create(api)
    api.put("/__admin/clock", json={"action": "freeze", "at": 5})
    api.delete("/__admin/faults")
    assert state(api) != before
    restore(api, taken)
    assert state(api) == before
    cursor = api.get(COLLECTION, query_string={"starting_after": "hSIhXBhNe8X1d8Et"})
    assert cursor.status_code == 200


def test_restore_repeats_the_ids_generated_since_the_snapshot(api: FlaskClient) -> None:
    create(api)
    taken = take(api)
    created = [create(api) for _ in range(3)]
    restore(api, taken)
    assert [create(api) for _ in range(3)] == created


def test_restored_clock_keeps_its_offset(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    api.put("/__admin/clock", json={"action": "advance", "seconds": 100})
    taken = take(api)
    api.put("/__admin/clock", json={"action": "freeze", "at": 5})
    clock.now += 10
    restore(api, taken)
    assert api.get("/__admin/clock").get_json() == {"now": 1_800_000_110.0, "frozen": False}


def test_snapshot_can_be_restored_repeatedly(api: FlaskClient) -> None:
    before = state(api)
    taken = take(api)
    for _ in range(3):
        create(api)
        restore(api, taken)
        assert state(api) == before
    assert snapshot_ids(api) == [taken]


def test_snapshot_does_not_change_with_the_sandbox(api: FlaskClient) -> None:
    first = take(api)
    create(api)
    second = take(api)
    restore(api, first)
    create(api)
    create(api)
    restore(api, second)
    assert len(api.get(COLLECTION).get_json()["data"]) == 3


@pytest.mark.parametrize("url", ["/__admin/reset", "/__admin/reset?all=true"])
def test_snapshots_survive_a_reset(api: FlaskClient, url: str) -> None:
    api.delete(ITEM)
    before = state(api)
    taken = take(api)
    api.post(url, json={"scenario": "blank"})
    assert snapshot_ids(api) == [taken]
    restore(api, taken)
    assert state(api) == before


def test_restore_keeps_the_journal(api: FlaskClient) -> None:
    taken = take(api)
    create(api)
    restore(api, taken)
    create(api)
    assert api.get("/__admin/requests/count").get_json() == {"count": 2}


def test_dropped_snapshot_is_gone_and_its_id_is_not_reused(
    api: FlaskClient, assert_error_shape: Check
) -> None:
    first, second = take(api), take(api)
    response = api.delete(f"{PATH}/{first}")
    assert (response.status_code, response.data) == (204, b"")
    assert snapshot_ids(api) == [second]
    assert_error_shape(api.post(f"{PATH}/{first}/restore", json={}), 404, first)
    assert_error_shape(api.delete(f"{PATH}/{first}"), 404, first)
    api.delete(f"{PATH}/{second}")
    assert take(api) == "snapshot-3"


@pytest.mark.parametrize("name", ["snapshot-2", "nothing", "1", "a" * 300, "%20", "%2e"])
def test_unknown_snapshot_is_not_found_and_changes_nothing(
    api: FlaskClient, assert_error_shape: Check, name: str
) -> None:
    take(api)
    create(api)
    before = state(api)
    message = assert_error_shape(api.post(f"{PATH}/{name}/restore", json={}), 404, "no snapshot")
    assert len(message) < 200
    assert_error_shape(api.delete(f"{PATH}/{name}"), 404, "no snapshot")
    assert state(api) == before


def test_number_of_snapshots_is_limited(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_snapshots=2)
    first, second = take(api), take(api)
    assert_error_shape(api.post(PATH, json={}), 507, "2 snapshots", "--max-snapshots")
    assert snapshot_ids(api) == [first, second]
    assert snapshot_ids(api, headers={"Authorization": "Bearer other"}) == []
    assert take(api, headers={"Authorization": "Bearer other"}) == "snapshot-1"
    api.delete(f"{PATH}/{first}")
    assert take(api) == "snapshot-3"


@pytest.mark.parametrize(("limit", "status"), [(2001, 201), (2000, 201), (1999, 507)])
def test_memory_of_snapshots_is_limited(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, limit: int, status: int
) -> None:
    """The two conversations of the first state are kept by its snapshot alone once the sandbox has others."""
    api = open_api(max_snapshot_bytes=limit)
    document = api.get("/__admin/state").get_json()
    first = take(api)
    assert take(api) == "snapshot-2"
    assert api.put("/__admin/state", json=document).status_code == 200
    response = api.post(PATH, json={})
    assert response.status_code == status
    if status == 507:
        assert_error_shape(response, 507, "more than 1999 bytes", "--max-snapshot-bytes")
        for snapshot_id in (first, "snapshot-2"):
            assert snapshot_id in snapshot_ids(api)
            api.delete(f"{PATH}/{snapshot_id}")
        assert take(api) == "snapshot-3"


def test_snapshots_belong_to_one_sandbox(open_app: Callable[..., Flask], assert_error_shape: Check) -> None:
    client = open_app().test_client()
    taken = take(client, headers={"Authorization": "Bearer one"})
    other = {"Authorization": "Bearer other"}
    assert snapshot_ids(client, headers=other) == []
    assert_error_shape(client.post(f"{PATH}/{taken}/restore", headers=other, json={}), 404)
    assert_error_shape(client.delete(f"{PATH}/{taken}", headers=other), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", PATH), ("POST", PATH), ("POST", f"{PATH}/snapshot-1/restore"), ("DELETE", f"{PATH}/snapshot-1")],
)
def test_snapshots_require_a_token(
    shared_app: Flask, assert_error_shape: Check, method: str, path: str
) -> None:
    response = shared_app.test_client().open(path, method=method, json={})
    assert_error_shape(response, 400, "Authorization: Bearer")


def test_snapshot_requires_json_without_attributes(api: FlaskClient, assert_error_shape: Check) -> None:
    assert_error_shape(api.post(PATH, json={"name": "a"}), 400, "name is not known here")
    assert_error_shape(api.post(PATH), 415, "application/json")
    taken = take(api)
    assert_error_shape(api.post(f"{PATH}/{taken}/restore"), 415, "application/json")
    assert snapshot_ids(api) == [taken]


def test_snapshot_and_restore_do_not_copy_the_data() -> None:
    start = load("default").initial_state(0)
    runtime = Runtime(lambda: 5.0, encode, Bounds(1000, 10, 10, 10, 10_000))
    fleet = LocalFleet(MemoryEngine(lambda token: Sandbox(start, runtime, token)), lambda: 0.0, 10, 0)
    context = cast("ControlContext", SimpleNamespace(fleet=fleet, pause=no_pause))
    lease = fleet.acquire("me")
    lease.world.create(lease.generation, "a", None)
    table = lease.world.state.table
    taken = snapshots.take(context, lease)["id"]
    (snapshot,) = lease.world.snapshots
    assert snapshot.state.table is table
    lease.world.create(lease.generation, "b", None)
    snapshots.restore(context, lease, taken)
    assert lease.world.generation != lease.generation
    assert lease.world.state.table is table


def test_restore_and_drop_free_a_large_state_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "LARGE", 1)
    paused: list[int] = []
    app = create_app(Settings(scenario="documented"), concurrency=Concurrency(pause=lambda: paused.append(1)))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"

    def pauses_of(call: Callable[[], object]) -> int:
        paused.clear()
        call()
        return len(paused)

    first = take(client)
    assert pauses_of(lambda: restore(client, first)) == 0
    client.post("/__admin/reset", json={"scenario": "demo"})
    second = take(client)
    assert pauses_of(lambda: restore(client, first)) == 0
    create(client)
    assert pauses_of(lambda: restore(client, second)) > 0
    assert pauses_of(lambda: client.delete(f"{PATH}/{second}")) == 0
    restore(client, first)
    third = take(client)
    assert pauses_of(lambda: client.delete(f"{PATH}/{third}")) == 0
    assert snapshot_ids(client) == [first]


def test_last_snapshot_of_a_state_is_freed_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "LARGE", 1)
    paused: list[int] = []
    app = create_app(Settings(scenario="documented"), concurrency=Concurrency(pause=lambda: paused.append(1)))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
    taken = take(client)
    client.post("/__admin/reset", json={"scenario": "demo"})
    paused.clear()
    assert client.delete(f"{PATH}/{taken}").status_code == 204
    assert len(paused) > 0
