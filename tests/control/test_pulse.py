"""A server with a pulse, as its clients see it: over the API, the clock, reset, snapshots, export and import."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

OpenApi = Callable[..., FlaskClient]

STATE = "/__admin/state"


@pytest.fixture
def api(open_api: OpenApi) -> FlaskClient:
    return open_api("demo", pulse=True)


def listed(client: FlaskClient, **query: object) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = client.get("/v1/conversations", query_string={"limit": 100, **query}).json[
        "data"
    ]  # type: ignore[index]  # a list has data
    return data


def post(client: FlaskClient, path: str, **body: object) -> dict[str, Any]:
    response = client.post(f"/__admin/{path}", json=body)
    assert response.status_code < 300, response.text
    shape: dict[str, Any] = response.get_json()
    return shape


def test_a_demo_moves_while_its_clock_runs(api: FlaskClient, clock: SimpleNamespace) -> None:
    seen = [listed(api)]
    for _ in range(6):
        clock.now += 60
        seen.append(listed(api))
        newest = max(each["last_active_at"] for each in seen[-1] if each["last_active_at"] is not None)
        assert clock.now - 60 < newest <= clock.now
    assert [[each["id"] for each in page] for page in seen] == [[each["id"] for each in seen[0]]] * 7
    for name in ("last_active_at", "last_opened_at", "is_pinned", "is_muted", "archived_at"):
        assert [each[name] for each in seen[0]] != [each[name] for each in seen[-1]], name


def test_without_the_setting_nothing_moves(open_api: OpenApi, clock: SimpleNamespace) -> None:
    client = open_api("demo")
    before = listed(client)
    clock.now += 86_400
    assert listed(client) == before
    assert "story" not in client.get(STATE).get_json()


def test_filters_find_what_the_pulse_has_changed(api: FlaskClient, clock: SimpleNamespace) -> None:
    listed(api)
    clock.now += 1800
    everything = listed(api)
    assert listed(api, archived="true") == [each for each in everything if each["archived_at"] is not None]
    assert listed(api, pinned="true") == [each for each in everything if each["is_pinned"]]
    assert api.get(f"/v1/conversations/{everything[0]['id']}").get_json() == everything[0]


def test_events_are_no_calls(api: FlaskClient, clock: SimpleNamespace) -> None:
    listed(api)
    clock.now += 1800
    listed(api)
    assert api.get("/__admin/requests/count").get_json() == {"count": 2}


def test_two_servers_tell_the_same_story(open_api: OpenApi, clock: SimpleNamespace) -> None:
    first, second, other = (open_api("demo", pulse=True) for _ in range(3))
    for client in (first, second):
        listed(client)
    post(other, "reset", seed=2)
    for _ in range(40):
        clock.now += 30
        listed(first)
    assert listed(first) == listed(second)
    assert listed(other) != listed(second)


def test_a_frozen_clock_stands_still_and_an_advanced_one_moves(
    api: FlaskClient, clock: SimpleNamespace
) -> None:
    api.put("/__admin/clock", json={"action": "freeze"})
    before = listed(api)
    clock.now += 1800
    assert listed(api) == before
    api.put("/__admin/clock", json={"action": "advance", "seconds": 600})
    assert listed(api) != before


def test_a_reset_begins_anew(api: FlaskClient, clock: SimpleNamespace) -> None:
    listed(api)
    clock.now += 600
    told = listed(api)
    post(api, "reset")
    clock.now += 600
    again = listed(api)
    assert [each["last_active_at"] for each in again] == [
        each["last_active_at"] and each["last_active_at"] + 600 for each in told
    ]


def test_a_restored_snapshot_and_an_imported_document_go_on_where_they_were(
    api: FlaskClient, clock: SimpleNamespace
) -> None:
    listed(api)
    clock.now += 600
    snapshot, document = post(api, "snapshots")["id"], api.get(STATE).get_json()
    assert document["story"] == {"since": clock.now - 600, "until": clock.now}
    clock.now += 600
    told = listed(api)
    post(api, "reset")
    post(api, f"snapshots/{snapshot}/restore")
    assert listed(api) == told
    response = api.put(STATE, json=document, headers={"Authorization": "Bearer another"})
    assert response.status_code == 200, response.text
    assert (
        api.get("/v1/conversations?limit=100", headers={"Authorization": "Bearer another"}).get_json()["data"]
        == told
    )


def test_a_faulted_call_changes_nothing_and_the_story_goes_on(
    api: FlaskClient, clock: SimpleNamespace
) -> None:
    first = listed(api)[0]["id"]
    clock.now += 600
    path = f"/v1/conversations/{first}"
    assert api.delete(path, headers={"Prefer": "code=503"}).status_code == 503
    assert api.get(path).status_code == 200
    assert api.delete(path).status_code == 204
    clock.now += 86_400
    assert first not in [each["id"] for each in listed(api)]


def test_a_declared_world_has_a_pulse_too(api: FlaskClient, clock: SimpleNamespace) -> None:
    world = post(api, "worlds", scenario="documented")
    page = f"/t/{world['name']}/v1/conversations"
    before = api.get(page).get_json()
    clock.now += 86_400
    assert api.get(page).get_json() != before
