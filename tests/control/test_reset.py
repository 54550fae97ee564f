"""Reset: back to the start, in one step, whatever is under way."""

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
from sandbox.world.sleepers import Event

Check = Callable[..., str]

RESET = "/__admin/reset"
COLLECTION = "/v1/conversations"
FIRST, SECOND = "xgQQXg3hrtjh7AvZ", "hSIhXBhNe8X1d8Et"
ITEM = f"{COLLECTION}/{FIRST}"


def ids(client: FlaskClient, **sent: Any) -> list[str]:
    return [each["id"] for each in client.get(COLLECTION, **sent).get_json()["data"]]


def as_(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_reset_brings_back_the_start_and_says_what_that_is(api: FlaskClient) -> None:
    start = api.get("/__admin/state").data
    made = [api.post(COLLECTION, data={"contact_id": "a"}).get_json()["id"] for _ in range(3)]
    api.delete(ITEM)
    api.put("/__admin/clock", json={"action": "freeze", "at": 5})
    api.post("/__admin/faults", json={"match": {"method": "PATCH"}, "delay": 1})
    answer = api.post(RESET, json={})
    assert answer.status_code == 200
    assert answer.get_json() == {"scenario": "documented", "seed": 1, "conversations": 2}
    assert api.get("/__admin/state").data == start
    assert api.get("/__admin/faults").get_json() == {"data": []}
    assert api.get("/__admin/clock").get_json() == {"now": 1_800_000_000.0, "frozen": False}
    assert api.get("/__admin/requests").get_json() == {"truncated": False, "data": []}
    assert api.get("/__admin/requests/count").get_json() == {"count": 0}
    assert [api.post(COLLECTION, data={"contact_id": "a"}).get_json()["id"] for _ in range(3)] == made


def test_the_body_may_be_left_out_where_the_type_is_said(api: FlaskClient) -> None:
    api.delete(ITEM)
    assert api.post(RESET, data=b"", content_type="application/json").status_code == 200
    assert ids(api) == [FIRST, SECOND]


def test_a_reset_touches_no_other_sandbox(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    for token in ("one", "other"):
        client.delete(ITEM, headers=as_(token))
    client.post(RESET, headers=as_("one"), json={"scenario": "blank"})
    assert ids(client, headers=as_("one")) == []
    assert ids(client, headers=as_("other")) == [SECOND]


def test_a_reset_needs_to_know_whose_sandbox_is_meant(
    open_app: Callable[..., Flask], assert_error_shape: Check
) -> None:
    client = open_app().test_client()
    assert_error_shape(client.post(RESET, json={}), 400, "Authorization: Bearer", "?all=true")


@pytest.mark.parametrize("headers", [{}, as_("one")])
def test_all_sandboxes_are_reset_with_a_token_or_without(
    open_app: Callable[..., Flask], headers: dict[str, str]
) -> None:
    client = open_app().test_client()
    for token in ("one", "other"):
        client.delete(ITEM, headers=as_(token))
    answer = client.post(f"{RESET}?all=true", headers=headers, json={})
    assert answer.get_json() == {"scenario": "documented", "seed": 1, "conversations": 2}
    for token in ("one", "other"):
        assert ids(client, headers=as_(token)) == [FIRST, SECOND]
        counted = client.get("/__admin/requests/count", headers=as_(token)).get_json()
        assert counted == {"count": 1}


def test_all_false_resets_the_caller_s_alone(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    for token in ("one", "other"):
        client.delete(ITEM, headers=as_(token))
    client.post(f"{RESET}?all=false", headers=as_("one"), json={})
    assert ids(client, headers=as_("one")) == [FIRST, SECOND]
    assert ids(client, headers=as_("other")) == [SECOND]


@pytest.mark.parametrize("scenario", [name for name in known() if name != "crowd"])
def test_a_reset_leads_to_any_built_in_scenario(api: FlaskClient, scenario: str) -> None:
    answer = api.post(RESET, json={"scenario": scenario}).get_json()
    described = {each["name"]: each for each in api.get("/__admin/scenarios").get_json()["data"]}[scenario]
    assert (answer["scenario"], answer["conversations"]) == (scenario, described["size"])
    assert len(api.get("/__admin/state").get_json()["conversations"]) == described["size"]


def test_a_reset_to_blank_answers_the_documented_create_example(api: FlaskClient) -> None:
    api.post(RESET, json={"scenario": "blank"})
    created = api.post(COLLECTION, data={"contact_id": "WAz8eIbvDR60rouK"}).get_json()
    assert (created["id"], created["created_at"]) == (FIRST, 692233200)
    assert api.get("/__admin/clock").get_json() == {"now": 692233200.0, "frozen": True}


def test_the_next_reset_leads_back_to_the_server_s_scenario(api: FlaskClient) -> None:
    api.post(RESET, json={"scenario": "blank"})
    assert api.post(RESET, json={}).get_json()["scenario"] == "documented"
    assert ids(api) == [FIRST, SECOND]


def test_another_seed_gives_other_conversations_and_ids_and_the_same_seed_the_same(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app("default").test_client()

    def after_reset(token: str, body: dict[str, Any]) -> tuple[bytes, str]:
        answer = client.post(RESET, headers=as_(token), json=body)
        assert answer.status_code == 200
        assert answer.get_json()["seed"] == body.get("seed", 1)
        page = client.get(COLLECTION, headers=as_(token)).data
        return page, client.post(COLLECTION, headers=as_(token), data={"contact_id": "a"}).get_json()["id"]

    plain = after_reset("a", {})
    assert after_reset("b", {"seed": 1}) == plain
    seven = after_reset("a", {"seed": 7})
    assert seven[0] != plain[0]
    assert seven[1] != plain[1]
    assert after_reset("b", {"seed": 7, "scenario": "default"}) == seven


def test_a_reset_keeps_the_seed_of_the_server(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(seed=9)
    for body in ({}, {"scenario": "blank"}, {"scenario": "documented"}):
        answer = api.post(RESET, json=body).get_json()
        if body:
            assert answer["seed"] == 9
    assert api.post(RESET, json={"scenario": "blank", "seed": 0}).get_json()["seed"] == 0


def test_a_start_before_now_is_counted_from_the_reset(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    api.post(RESET, json={"scenario": "demo"})
    before = api.get(COLLECTION).get_json()["data"][0]["created_at"]
    clock.now += 1000
    api.post(RESET, json={"scenario": "demo"})
    assert api.get(COLLECTION).get_json()["data"][0]["created_at"] == before + 1000


@pytest.mark.parametrize(
    ("query", "body", "said"),
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
def test_a_mistake_is_named_and_nothing_is_reset(
    api: FlaskClient, assert_error_shape: Check, query: str, body: dict[str, Any], said: list[str]
) -> None:
    api.delete(ITEM)
    assert_error_shape(api.post(RESET + query, json=body), 400, *said)
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
def test_a_reset_is_json(api: FlaskClient, assert_error_shape: Check, sent: dict[str, Any]) -> None:
    api.delete(ITEM)
    assert_error_shape(api.post(RESET, **sent), 415, "application/json")
    assert ids(api) == [SECOND]


def test_the_type_may_say_its_charset(api: FlaskClient) -> None:
    answer = api.post(RESET, data=b"{}", content_type="Application/JSON; charset=utf-8")
    assert answer.status_code == 200


def test_a_body_that_is_too_large_is_refused(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_body_bytes=20)
    assert api.post(RESET, data=b'{"scenario":"blank"}', content_type="application/json").status_code == 200
    assert_error_shape(
        api.post(RESET, data=b'{"scenario":"blanc" }', content_type="application/json"), 413, "20"
    )


def test_a_reset_is_a_post(api: FlaskClient, assert_error_shape: Check) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = api.open(RESET, method=method, json={})
        assert_error_shape(answer, 405)
        assert "POST" in answer.headers["Allow"]


# What is under way

DELAYED = {"Prefer": "delay=1000"}
WRITES = [
    ("POST", COLLECTION, {"data": {"contact_id": "late"}}),
    ("PUT", ITEM, {"data": {"is_muted": "true"}}),
    ("DELETE", ITEM, {}),
]
WORLDS: list[tuple[str, dict[str, Any]]] = [
    (RESET, {}),
    (RESET, {"scenario": "blank"}),
    (f"{RESET}?all=true", {}),
    ("/__admin/snapshots/snapshot-1/restore", {}),
    ("/__admin/state", {}),
]


class Interrupted:
    """An application where something happens while a call sleeps; ``woken`` says whether that woke the call."""

    def __init__(self) -> None:
        self.meanwhile: list[Callable[[], object]] = []
        self.woken: list[bool] = []
        self.app = create_app(Settings(scenario="documented"), now=lambda: 1e9, wait=self.wait)
        self.client = self.app.test_client()
        self.client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"

    def wait(self, event: Event, _seconds: float) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()
        self.woken.append(event.is_set())

    def during(self, method: str, url: str, happens: Callable[[], object], **sent: Any) -> TestResponse:
        self.meanwhile.append(happens)
        return self.client.open(url, method=method, headers=DELAYED, **sent)


@pytest.fixture
def interrupted() -> Interrupted:
    return Interrupted()


@pytest.mark.parametrize(("method", "url", "sent"), WRITES)
@pytest.mark.parametrize(("world", "body"), WORLDS)
def test_a_write_that_sleeps_is_woken_by_a_new_world_and_does_not_reach_it(
    interrupted: Interrupted,
    assert_error_shape: Check,
    world: str,
    body: dict[str, Any],
    method: str,
    url: str,
    sent: dict[str, Any],
) -> None:
    client = interrupted.client
    client.post("/__admin/snapshots", json={})
    state = client.get("/__admin/state").get_json()
    after: list[bytes] = []

    def happens() -> None:
        other = interrupted.app.test_client()
        is_import = world == "/__admin/state"
        answer = other.open(
            world, method="PUT" if is_import else "POST", headers=as_("me"), json=state if is_import else body
        )
        assert answer.status_code == 200
        after.append(other.get("/__admin/state", headers=as_("me")).data)

    answer = interrupted.during(method, url, happens, **sent)
    assert_error_shape(answer, 503, "was reset while this call was held back")
    assert interrupted.woken == [True]
    assert client.get("/__admin/state").data == after[0]


def test_dropping_the_sandbox_wakes_the_call_too(interrupted: Interrupted, assert_error_shape: Check) -> None:
    client = interrupted.client

    def happens() -> None:
        other = interrupted.app.test_client()
        (here,) = other.get("/__admin/sandboxes").get_json()["data"]
        assert other.delete(f"/__admin/sandboxes/{here['id']}").status_code == 204

    answer = interrupted.during("POST", COLLECTION, happens, data={"contact_id": "late"})
    assert_error_shape(answer, 503)
    assert interrupted.woken == [True]
    assert ids(client) == [FIRST, SECOND]


def test_a_reset_of_another_sandbox_wakes_nobody(interrupted: Interrupted) -> None:
    other = interrupted.app.test_client()
    answer = interrupted.during(
        "POST",
        COLLECTION,
        lambda: other.post(RESET, headers=as_("other"), json={}),
        data={"contact_id": "late"},
    )
    assert answer.status_code == 201
    assert interrupted.woken == [False]
    assert len(ids(interrupted.client)) == 3


def test_a_refused_import_wakes_nobody(interrupted: Interrupted) -> None:
    other = interrupted.app.test_client()
    answer = interrupted.during(
        "POST",
        COLLECTION,
        lambda: other.put("/__admin/state", headers=as_("me"), json={}),
        data={"contact_id": "late"},
    )
    assert answer.status_code == 201
    assert interrupted.woken == [False]


def test_a_hanging_call_is_woken_by_a_reset(interrupted: Interrupted, assert_error_shape: Check) -> None:
    client = interrupted.client
    client.post("/__admin/faults", json={"fault": {"type": "hang"}})
    interrupted.meanwhile.append(
        lambda: interrupted.app.test_client().post(RESET, headers=as_("me"), json={})
    )
    assert_error_shape(client.get(COLLECTION), 503)
    assert interrupted.woken == [True]
    assert client.get(COLLECTION).status_code == 200


def test_the_woken_call_is_in_the_journal_of_the_world_that_it_was_made_in(interrupted: Interrupted) -> None:
    other = interrupted.app.test_client()
    interrupted.during("GET", COLLECTION, lambda: other.post(RESET, headers=as_("me"), json={}))
    assert other.get("/__admin/requests/count", headers=as_("me")).get_json() == {"count": 0}


def test_the_reset_sandbox_counts_as_in_use_until_the_woken_call_has_left(interrupted: Interrupted) -> None:
    other = interrupted.app.test_client()
    interrupted.during("GET", COLLECTION, lambda: other.post(RESET, headers=as_("me"), json={}))
    assert len(other.get("/__admin/sandboxes").get_json()["data"]) == 1
    assert interrupted.client.get(COLLECTION).status_code == 200
