"""The list of sandboxes, and dropping one of them. Tokens are masked."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.world import world_parts
from sandbox.world.concurrency import Concurrency
from sandbox.world.fleet import GRACE_SECONDS
from tests.conftest import cached_scenario

Check = Callable[..., str]

PATH = "/__admin/sandboxes"
COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"

# Values that a header can carry: visible ASCII, and other bytes, which WSGI decodes as Latin-1.
tokens = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, categories=["L", "N", "P", "S"]), min_size=1
)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def listed_sandboxes(client: FlaskClient) -> list[dict[str, Any]]:
    response = client.get(PATH)
    assert response.status_code == 200
    data: list[dict[str, Any]] = response.get_json()["data"]
    return data


@pytest.mark.without_store
def test_sandbox_is_listed_with_its_counts_and_idle_time(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app().test_client()
    assert listed_sandboxes(client) == []
    client.post(COLLECTION, headers=bearer("worker-1"), data={"contact_id": "a"})
    client.get(COLLECTION, headers=bearer("worker-1"))
    clock.uptime += 1.5
    client.get("/__admin/clock", headers=bearer("b"))
    clock.uptime += 2
    listed = listed_sandboxes(client)
    assert [len(each.pop("id")) for each in listed] == [16, 16]
    of_token = {"name": None, "ttl_seconds": None}
    assert listed == [
        of_token | {"token": "work…", "conversations": 3, "requests": 2, "idle_seconds": 3.5},
        of_token | {"token": "…", "conversations": 2, "requests": 0, "idle_seconds": 2.0},
    ]


@pytest.mark.without_store
def test_named_sandbox_is_listed_by_its_name_and_a_declared_one_with_its_masked_token_and_end(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app().test_client()
    client.get(f"/t/checkout{COLLECTION}", headers=bearer("the-app"))
    client.post("/__admin/worlds", json={"name": "declared", "ttl_seconds": 60})
    clock.uptime += 1.5
    shown = [
        (each["name"], each["token"], each["requests"], each["ttl_seconds"])
        for each in listed_sandboxes(client)
    ]
    assert shown == [("checkout", None, 1, None), ("declared", "worl…", 0, 58.5)]


@pytest.mark.without_store
def test_named_sandbox_and_that_of_an_equal_token_have_different_ids(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app().test_client()
    client.get(COLLECTION, headers=bearer("me"))
    client.get(f"/t/me{COLLECTION}", headers=bearer("me"))
    of_token, named = listed_sandboxes(client)
    assert of_token["id"] != named["id"]
    assert client.delete(f"{PATH}/{named['id']}").status_code == 204
    assert listed_sandboxes(client) == [of_token]


@pytest.mark.without_store
def test_list_creates_no_sandbox_and_keeps_idle_times(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app().test_client()
    client.get(COLLECTION, headers=bearer("one"))
    clock.uptime += 5
    for _ in range(2):
        assert client.get(PATH, headers=bearer("other")).status_code == 200
    assert [each["idle_seconds"] for each in listed_sandboxes(client)] == [5.0]


def test_id_is_constant_and_differs_between_servers(open_app: Callable[..., Flask]) -> None:
    ids = []
    for _ in range(2):
        client = open_app().test_client()
        for token in ("one", "other"):
            client.get(COLLECTION, headers=bearer(token))
        first = [each["id"] for each in listed_sandboxes(client)]
        client.post("/__admin/reset?all=true", json={})
        assert [each["id"] for each in listed_sandboxes(client)] == first
        ids += first
    assert len(set(ids)) == 4


def test_dropped_sandbox_returns_to_its_initial_state_and_others_do_not(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app().test_client()
    for token in ("first-token", "second-token"):
        client.delete(ITEM, headers=bearer(token))
    client.post("/__admin/snapshots", headers=bearer("first-token"), json={})
    (sandbox_id,) = [each["id"] for each in listed_sandboxes(client) if each["token"] == "firs…"]
    assert client.delete(f"{PATH}/{sandbox_id}").status_code == 204
    assert [each["token"] for each in listed_sandboxes(client)] == ["seco…"]
    assert client.get(ITEM, headers=bearer("second-token")).status_code == 404
    assert client.get(ITEM, headers=bearer("first-token")).status_code == 200
    assert client.get("/__admin/snapshots", headers=bearer("first-token")).get_json() == {"data": []}
    assert client.get("/__admin/requests/count", headers=bearer("first-token")).get_json() == {"count": 1}
    assert sandbox_id in [each["id"] for each in listed_sandboxes(client)]


def test_dropping_makes_room_for_another_token(open_app: Callable[..., Flask]) -> None:
    client = open_app(max_sandboxes=1).test_client()
    client.get(COLLECTION, headers=bearer("one"))
    assert client.get(COLLECTION, headers=bearer("other")).status_code == 503
    client.delete(f"{PATH}/{listed_sandboxes(client)[0]['id']}")
    assert client.get(COLLECTION, headers=bearer("other")).status_code == 200


@pytest.mark.without_store
def test_full_server_refuses_control_calls_of_new_tokens_and_lists_sandboxes(
    open_app: Callable[..., Flask], clock: SimpleNamespace, assert_error_shape: Check
) -> None:
    client = open_app(max_sandboxes=1).test_client()
    client.get("/__admin/state", headers=bearer("one"))
    refused = client.get("/__admin/state", headers=bearer("other"))
    assert_error_shape(refused, 503, "All 1 sandboxes", "--max-sandboxes")
    assert int(refused.headers["Retry-After"]) > 0
    assert len(listed_sandboxes(client)) == 1
    clock.uptime += GRACE_SECONDS
    assert client.get("/__admin/state", headers=bearer("other")).status_code == 200


@pytest.mark.parametrize("name", ["anonymous", "0" * 16, "%F0%9F%98%80", "a" * 500, "one"])
def test_unknown_sandbox_is_not_found(
    open_app: Callable[..., Flask], assert_error_shape: Check, name: str
) -> None:
    client = open_app().test_client()
    client.get(COLLECTION, headers=bearer("one"))
    message = assert_error_shape(client.delete(f"{PATH}/{name}"), 404, "no sandbox with the id")
    assert len(message) < 200
    assert len(listed_sandboxes(client)) == 1


def test_dropped_sandbox_is_not_found(open_app: Callable[..., Flask], assert_error_shape: Check) -> None:
    client = open_app().test_client()
    client.get(COLLECTION, headers=bearer("one"))
    url = f"{PATH}/{listed_sandboxes(client)[0]['id']}"
    assert client.delete(url).status_code == 204
    assert_error_shape(client.delete(url), 404)


def test_list_accepts_no_arguments(api: FlaskClient, assert_error_shape: Check) -> None:
    assert_error_shape(api.get(f"{PATH}?limit=1"), 400, "limit is not known here")
    for method in ("POST", "PUT", "DELETE"):
        assert_error_shape(api.open(PATH, method=method, json={}), 405)


@pytest.fixture(scope="module")
def separate_app() -> Flask:
    """Return an application that other tests do not use, since a generated token may be one of theirs."""
    return create_app(Settings(scenario="documented"), scenario=cached_scenario("documented"))


@settings(max_examples=40, deadline=None)
@given(token=tokens)
def test_list_masks_any_token_and_its_sandbox_can_be_dropped(separate_app: Flask, token: str) -> None:
    client = separate_app.test_client()
    client.get("/__admin/clock", environ_overrides={"HTTP_AUTHORIZATION": f"Bearer {token}"})
    (listed,) = listed_sandboxes(client)
    assert token not in listed["token"]
    assert client.delete(f"{PATH}/{listed['id']}").status_code == 204


def test_id_of_the_list_names_a_sandbox_instead_of_its_token(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    client.delete(ITEM, headers=bearer("one"))
    client.get(ITEM, headers=bearer("two"))
    named = {each["token"]: {"X-Sandbox-Id": each["id"]} for each in listed_sandboxes(client)}
    assert client.get("/__admin/requests/count", headers=named["o…"]).get_json() == {"count": 1}
    assert client.get("/__admin/state", headers=named["o…"]).get_json()["conversations"] != []
    assert (
        client.put("/__admin/conversations/mine", headers=named["o…"], json={"contact_id": "c"}).status_code
        == 201
    )
    assert client.get(f"{COLLECTION}/mine", headers=bearer("one")).status_code == 200
    assert client.get(f"{COLLECTION}/mine", headers=bearer("two")).status_code == 404
    assert len(listed_sandboxes(client)) == 2


@pytest.mark.parametrize("path", ["/__admin/clock", "/__admin/faults", "/__admin/requests", "/__admin/state"])
@pytest.mark.parametrize("sandbox_id", ["", "nope", "0" * 16, "é"])
def test_id_of_no_sandbox_is_404(
    api: FlaskClient, assert_error_shape: Check, path: str, sandbox_id: str
) -> None:
    headers = {"Authorization": "", "X-Sandbox-Id": sandbox_id}
    assert_error_shape(api.get(path, headers=headers), 404)


def test_id_and_token_at_once_are_refused(open_app: Callable[..., Flask], assert_error_shape: Check) -> None:
    client = open_app().test_client()
    client.get(ITEM, headers=bearer("one"))
    headers = bearer("one") | {"X-Sandbox-Id": listed_sandboxes(client)[0]["id"]}
    assert_error_shape(client.get("/__admin/clock", headers=headers), 400, "Authorization", "X-Sandbox-Id")


def test_api_takes_no_id_instead_of_a_token(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    client.get(ITEM, headers=bearer("one"))
    headers = {"X-Sandbox-Id": listed_sandboxes(client)[0]["id"]}
    assert client.get(ITEM, headers=headers).status_code == 401


def test_others_run_while_many_sandboxes_are_listed() -> None:
    paused: list[int] = []
    app = create_app(Settings(scenario="documented"), concurrency=Concurrency(pause=lambda: paused.append(1)))
    client = app.test_client()
    for number in range(200):
        client.get(COLLECTION, headers=bearer(f"token-{number}"))
    paused.clear()
    assert len(listed_sandboxes(client)) == 200
    assert len(paused) == 4


def test_large_world_that_is_dropped_is_freed_later_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world_parts, "LARGE", 1)
    later: list[Callable[[], None]] = []
    app = create_app(Settings(scenario="documented"), concurrency=Concurrency(spawn=later.append))
    client = app.test_client()
    client.get(COLLECTION, headers=bearer("a"))
    [sandbox] = listed_sandboxes(client)
    assert client.delete(f"{PATH}/{sandbox['id']}").status_code == 204
    assert len(later) == 1
    assert listed_sandboxes(client) == []
    later.pop()()
    assert client.get(COLLECTION, headers=bearer("b")).get_json()["data"] != []
