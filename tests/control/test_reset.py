"""Resets: the initial state in one step, also while calls are in flight."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.app import create_app
from sandbox.seeding.scenario import known
from sandbox.settings import Settings
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import SandboxReset
from sandbox.world.sandbox import Sandbox
from sandbox.world.sleepers import Event

Check = Callable[..., str]

RESET = "/__admin/reset"
COLLECTION = "/v1/conversations"
FIRST, SECOND = "xgQQXg3hrtjh7AvZ", "hSIhXBhNe8X1d8Et"
ITEM = f"{COLLECTION}/{FIRST}"


def ids(client: FlaskClient, **sent: Any) -> list[str]:
    return [each["id"] for each in client.get(COLLECTION, **sent).get_json()["data"]]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_reset_restores_the_initial_state(api: FlaskClient) -> None:
    start = api.get("/__admin/state").data
    ids_created = [api.post(COLLECTION, data={"contact_id": "a"}).get_json()["id"] for _ in range(3)]
    api.delete(ITEM)
    api.put("/__admin/clock", json={"action": "freeze", "at": 5})
    api.post("/__admin/faults", json={"match": {"method": "PATCH"}, "delay": 1})
    response = api.post(RESET, json={})
    assert response.status_code == 200
    assert response.get_json() == {"scenario": "documented", "seed": 1, "conversations": 2}
    assert api.get("/__admin/state").data == start
    assert api.get("/__admin/faults").get_json() == {"data": []}
    assert api.get("/__admin/clock").get_json() == {"now": 1_800_000_000.0, "frozen": False}
    journal = api.get("/__admin/requests").get_json()
    assert (journal["truncated"], journal["data"]) == (False, [])
    assert api.get("/__admin/requests/count").get_json() == {"count": 0}
    assert [api.post(COLLECTION, data={"contact_id": "a"}).get_json()["id"] for _ in range(3)] == ids_created


def test_body_may_be_empty_with_a_json_content_type(api: FlaskClient) -> None:
    api.delete(ITEM)
    assert api.post(RESET, data=b"", content_type="application/json").status_code == 200
    assert ids(api) == [FIRST, SECOND]


def test_reset_does_not_affect_other_sandboxes(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    for token in ("one", "other"):
        client.delete(ITEM, headers=bearer(token))
    client.post(RESET, headers=bearer("one"), json={"scenario": "blank"})
    assert ids(client, headers=bearer("one")) == []
    assert ids(client, headers=bearer("other")) == [SECOND]


def test_reset_requires_a_token_or_all(open_app: Callable[..., Flask], assert_error_shape: Check) -> None:
    client = open_app().test_client()
    assert_error_shape(client.post(RESET, json={}), 400, "Authorization: Bearer", "?all=true")


@pytest.mark.parametrize("headers", [{}, bearer("one")])
def test_all_resets_every_sandbox_with_or_without_a_token(
    open_app: Callable[..., Flask], headers: dict[str, str]
) -> None:
    client = open_app().test_client()
    for token in ("one", "other"):
        client.delete(ITEM, headers=bearer(token))
    response = client.post(f"{RESET}?all=true", headers=headers, json={})
    assert response.get_json() == {"scenario": "documented", "seed": 1, "conversations": 2}
    for token in ("one", "other"):
        assert ids(client, headers=bearer(token)) == [FIRST, SECOND]
        counted = client.get("/__admin/requests/count", headers=bearer(token)).get_json()
        assert counted == {"count": 1}


def test_all_false_resets_only_the_sandbox_of_the_caller(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    for token in ("one", "other"):
        client.delete(ITEM, headers=bearer(token))
    client.post(f"{RESET}?all=false", headers=bearer("one"), json={})
    assert ids(client, headers=bearer("one")) == [FIRST, SECOND]
    assert ids(client, headers=bearer("other")) == [SECOND]


@pytest.mark.parametrize("scenario", [name for name in known() if name != "crowd"])
def test_reset_to_a_built_in_scenario(api: FlaskClient, scenario: str) -> None:
    response = api.post(RESET, json={"scenario": scenario}).get_json()
    listed = {each["name"]: each for each in api.get("/__admin/scenarios").get_json()["data"]}[scenario]
    assert (response["scenario"], response["conversations"]) == (scenario, listed["size"])
    assert len(api.get("/__admin/state").get_json()["conversations"]) == listed["size"]


def test_create_returns_the_documented_example_after_a_reset_to_blank(api: FlaskClient) -> None:
    api.post(RESET, json={"scenario": "blank"})
    created = api.post(COLLECTION, data={"contact_id": "WAz8eIbvDR60rouK"}).get_json()
    assert (created["id"], created["created_at"]) == (FIRST, 692233200)
    assert api.get("/__admin/clock").get_json() == {"now": 692233200.0, "frozen": True}


def test_next_reset_returns_to_the_scenario_of_the_server(api: FlaskClient) -> None:
    api.post(RESET, json={"scenario": "blank"})
    assert api.post(RESET, json={}).get_json()["scenario"] == "documented"
    assert ids(api) == [FIRST, SECOND]


def test_seed_determines_conversations_and_ids(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app("default").test_client()

    def after_reset(token: str, body: dict[str, Any]) -> tuple[bytes, str]:
        response = client.post(RESET, headers=bearer(token), json=body)
        assert response.status_code == 200
        assert response.get_json()["seed"] == body.get("seed", 1)
        page = client.get(COLLECTION, headers=bearer(token)).data
        return page, client.post(COLLECTION, headers=bearer(token), data={"contact_id": "a"}).get_json()["id"]

    plain = after_reset("a", {})
    assert after_reset("b", {"seed": 1}) == plain
    seven = after_reset("a", {"seed": 7})
    assert seven[0] != plain[0]
    assert seven[1] != plain[1]
    assert after_reset("b", {"seed": 7, "scenario": "default"}) == seven


def test_reset_keeps_the_seed_of_the_server(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(seed=9)
    for body in ({}, {"scenario": "blank"}, {"scenario": "documented"}):
        response = api.post(RESET, json=body).get_json()
        if body:
            assert response["seed"] == 9
    assert api.post(RESET, json={"scenario": "blank", "seed": 0}).get_json()["seed"] == 0


def test_relative_times_count_from_the_reset(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    api.post(RESET, json={"scenario": "demo"})
    before = api.get(COLLECTION).get_json()["data"][0]["created_at"]
    clock.now += 1000
    api.post(RESET, json={"scenario": "demo"})
    assert api.get(COLLECTION).get_json()["data"][0]["created_at"] == before + 1000


@pytest.mark.parametrize(
    ("query", "body", "fragments"),
    [
        ("", {"scenario": "blanc"}, ["There is no scenario", "did you mean blank?"]),
        ("", {"scenario": "./blank.json"}, ["There is no scenario"]),
        ("", {"scenario": "/etc/passwd"}, ["There is no scenario"]),
        ("", {"scenario": "../fixtures/blank"}, ["There is no scenario"]),
        ("", {"scenario": ""}, ["scenario must be"]),
        ("", {"scenario": None}, ["scenario must be"]),
        ("", {"scenario": ["blank"]}, ["scenario must be"]),
        ("", {"seed": -1}, ["seed must be an integer from 0"]),
        ("", {"seed": 2**63}, ["seed must be"]),
        ("", {"seed": "1"}, ["seed must be"]),
        ("", {"seed": True}, ["seed must be"]),
        ("", {"scenaro": "blank"}, ["scenaro", "did you mean scenario?"]),
        ("", {"_schema": 1}, ["_schema", "not an attribute"]),
        ("?all=yes", {}, ["all must be true or false"]),
        ("?al=true", {}, ["al is not an attribute of this query", "did you mean all?"]),
        ("?all=true&all=true", {}, ["all is given twice"]),
        ("?scenario=blank", {}, ["scenario is not an attribute of this query"]),
    ],
)
def test_invalid_reset_is_refused_and_changes_nothing(
    api: FlaskClient, assert_error_shape: Check, query: str, body: dict[str, Any], fragments: list[str]
) -> None:
    api.delete(ITEM)
    assert_error_shape(api.post(RESET + query, json=body), 400, *fragments)
    assert ids(api) == [SECOND]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"data": b"{}"},
        {"data": b"{}", "content_type": "text/plain"},
        {"data": {"scenario": "blank"}},
        {"data": b"{}", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"{}", "content_type": "application/jsonp"},
    ],
)
def test_reset_requires_json(api: FlaskClient, assert_error_shape: Check, sent: dict[str, Any]) -> None:
    api.delete(ITEM)
    assert_error_shape(api.post(RESET, **sent), 415, "application/json")
    assert ids(api) == [SECOND]


def test_content_type_may_have_a_charset(api: FlaskClient) -> None:
    response = api.post(RESET, data=b"{}", content_type="Application/JSON; charset=utf-8")
    assert response.status_code == 200


def test_too_large_body_is_refused(open_api: Callable[..., FlaskClient], assert_error_shape: Check) -> None:
    api = open_api(max_body_bytes=20)
    assert api.post(RESET, data=b'{"scenario":"blank"}', content_type="application/json").status_code == 200
    assert_error_shape(
        api.post(RESET, data=b'{"scenario":"blanc" }', content_type="application/json"), 413, "20"
    )


def test_reset_requires_post(api: FlaskClient, assert_error_shape: Check) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        response = api.open(RESET, method=method, json={})
        assert_error_shape(response, 405)
        assert "POST" in response.headers["Allow"]


# Calls in flight

DELAYED = {"Prefer": "delay=1000"}
WRITES = [
    ("POST", COLLECTION, {"data": {"contact_id": "late"}}),
    ("PUT", ITEM, {"data": {"is_muted": "true"}}),
    ("DELETE", ITEM, {}),
]
NEW_GENERATIONS: list[tuple[str, dict[str, Any]]] = [
    (RESET, {}),
    (RESET, {"scenario": "blank"}),
    (f"{RESET}?all=true", {}),
    ("/__admin/snapshots/snapshot-1/restore", {}),
    ("/__admin/state", {}),
]


class SleepHarness:
    """An application that runs an action while a call sleeps. ``woken`` records whether it woke the call."""

    def __init__(self) -> None:
        self.actions: list[Callable[[], object]] = []
        self.woken: list[bool] = []
        self.app = create_app(
            Settings(scenario="documented"), now=lambda: 1e9, concurrency=Concurrency(wait=self.wait)
        )
        self.client = self.app.test_client()
        self.client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"

    def wait(self, event: Event, _seconds: float) -> None:
        if self.actions:
            self.actions.pop()()
        self.woken.append(event.is_set())

    def call_while(self, method: str, url: str, action: Callable[[], object], **sent: Any) -> TestResponse:
        self.actions.append(action)
        return self.client.open(url, method=method, headers=DELAYED, **sent)


@pytest.fixture
def harness() -> SleepHarness:
    return SleepHarness()


@pytest.mark.parametrize(("method", "url", "sent"), WRITES)
@pytest.mark.parametrize(("control_url", "body"), NEW_GENERATIONS)
def test_sleeping_write_is_woken_and_refused_by_a_new_generation(
    harness: SleepHarness,
    assert_error_shape: Check,
    control_url: str,
    body: dict[str, Any],
    method: str,
    url: str,
    sent: dict[str, Any],
) -> None:
    client = harness.client
    client.post("/__admin/snapshots", json={})
    state = client.get("/__admin/state").get_json()
    after: list[bytes] = []

    def action() -> None:
        other = harness.app.test_client()
        is_import = control_url == "/__admin/state"
        response = other.open(
            control_url,
            method="PUT" if is_import else "POST",
            headers=bearer("me"),
            json=state if is_import else body,
        )
        assert response.status_code == 200
        after.append(other.get("/__admin/state", headers=bearer("me")).data)

    response = harness.call_while(method, url, action, **sent)
    assert_error_shape(response, 503, "was reset while this call was in flight")
    assert harness.woken == [True]
    assert client.get("/__admin/state").data == after[0]


def test_dropping_the_sandbox_wakes_the_call(harness: SleepHarness, assert_error_shape: Check) -> None:
    client = harness.client

    def action() -> None:
        other = harness.app.test_client()
        (listed,) = other.get("/__admin/sandboxes").get_json()["data"]
        assert other.delete(f"/__admin/sandboxes/{listed['id']}").status_code == 204

    response = harness.call_while("POST", COLLECTION, action, data={"contact_id": "late"})
    assert_error_shape(response, 503)
    assert harness.woken == [True]
    assert ids(client) == [FIRST, SECOND]


def test_reset_of_another_sandbox_wakes_nothing(harness: SleepHarness) -> None:
    other = harness.app.test_client()
    response = harness.call_while(
        "POST",
        COLLECTION,
        lambda: other.post(RESET, headers=bearer("other"), json={}),
        data={"contact_id": "late"},
    )
    assert response.status_code == 201
    assert harness.woken == [False]
    assert len(ids(harness.client)) == 3


def test_refused_import_wakes_nothing(harness: SleepHarness) -> None:
    other = harness.app.test_client()
    response = harness.call_while(
        "POST",
        COLLECTION,
        lambda: other.put("/__admin/state", headers=bearer("me"), json={}),
        data={"contact_id": "late"},
    )
    assert response.status_code == 201
    assert harness.woken == [False]


def test_reset_wakes_a_hanging_call(harness: SleepHarness, assert_error_shape: Check) -> None:
    client = harness.client
    client.post("/__admin/faults", json={"fault": {"type": "hang"}})
    harness.actions.append(lambda: harness.app.test_client().post(RESET, headers=bearer("me"), json={}))
    assert_error_shape(client.get(COLLECTION), 503)
    assert harness.woken == [True]
    assert client.get(COLLECTION).status_code == 200


def test_woken_call_is_not_in_the_journal_after_the_reset(harness: SleepHarness) -> None:
    other = harness.app.test_client()
    harness.call_while("GET", COLLECTION, lambda: other.post(RESET, headers=bearer("me"), json={}))
    assert other.get("/__admin/requests/count", headers=bearer("me")).get_json() == {"count": 0}


def test_reset_sandbox_is_kept_and_usable_after_the_woken_call(harness: SleepHarness) -> None:
    other = harness.app.test_client()
    harness.call_while("GET", COLLECTION, lambda: other.post(RESET, headers=bearer("me"), json={}))
    assert len(other.get("/__admin/sandboxes").get_json()["data"]) == 1
    assert harness.client.get(COLLECTION).status_code == 200


def test_reset_of_all_passes_over_a_sandbox_that_is_dropped_at_the_same_moment(
    open_api: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_api()
    client.get("/v1/conversations")

    def refuse(*_: object) -> None:
        raise SandboxReset

    monkeypatch.setattr(Sandbox, "reset", refuse)
    assert client.post("/__admin/reset?all=true", json={}).status_code == 200
    assert client.post("/__admin/reset", json={}).status_code == 503
