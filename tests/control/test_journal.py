"""The journal of a sandbox: its calls and their counts."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.world.concurrency import Concurrency
from sandbox.world.sleepers import Event

Check = Callable[..., str]

PATH = "/__admin/requests"
COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"
FORM = "application/x-www-form-urlencoded"
KEYS = [
    "id",
    "at",
    "method",
    "path",
    "query",
    "headers",
    "body",
    "operation",
    "status",
    "duration_ms",
    "delay_ms",
    "fault",
    "rule",
    "why",
    "why_omitted",
]


def entries(client: FlaskClient, query: str = "", **sent: Any) -> list[dict[str, Any]]:
    response = client.get(PATH + query, **sent)
    assert response.status_code == 200, response.text
    data: list[dict[str, Any]] = response.get_json()["data"]
    return data


def count(client: FlaskClient, query: str = "", **sent: Any) -> int:
    response = client.get(f"{PATH}/count{query}", **sent)
    assert response.status_code == 200, response.text
    counted: int = response.get_json()["count"]
    return counted


def statuses(client: FlaskClient, query: str = "", **sent: Any) -> list[int]:
    return [entry["status"] for entry in entries(client, query, **sent)]


def test_entry_describes_the_call(api: FlaskClient) -> None:
    api.put("/__admin/clock", json={"action": "freeze", "at": 5.125})
    response = api.post(f"{COLLECTION}?__delay=0", data={"contact_id": "a b", "group_id": "g"})
    (entry,) = entries(api)
    assert list(entry) == KEYS
    duration, headers = entry.pop("duration_ms"), entry.pop("headers")
    assert entry == {
        "id": response.headers["X-Request-Id"],
        "at": 5.125,
        "method": "POST",
        "path": COLLECTION,
        "query": "__delay=0",
        "body": "contact_id=a+b&group_id=g",
        "operation": "createConversation",
        "status": 400,
        "delay_ms": 0.0,
        "fault": None,
        "rule": "query",
        "why": [],
        "why_omitted": 0,
    }
    assert duration >= 0
    assert headers["Authorization"] == "[redacted]"
    assert headers["Content-Type"] == FORM
    assert headers["Host"] == "localhost"


def test_times_are_rounded_to_milliseconds_and_microseconds(api: FlaskClient) -> None:
    api.put("/__admin/clock", json={"action": "freeze", "at": 5.12345678})
    api.get("/v1/conversations")
    (entry,) = api.get("/__admin/requests").get_json()["data"]
    assert entry["at"] == 5.123
    assert entry["duration_ms"] == round(entry["duration_ms"], 3)


def test_request_id_of_the_call_is_the_id_of_its_entry(api: FlaskClient) -> None:
    api.get(COLLECTION, headers={"X-Request-Id": "mine-1"})
    assert entries(api)[0]["id"] == "mine-1"


def test_newest_call_is_first_and_control_calls_are_not_recorded(api: FlaskClient) -> None:
    api.get(COLLECTION)
    api.get(ITEM)
    api.get("/__admin/state")
    api.get("/openapi.json")
    api.get("/")
    assert [entry["path"] for entry in entries(api)] == [ITEM, COLLECTION]
    assert count(api) == 2


CALLS: list[tuple[str, str, dict[str, Any], int, str | None]] = [
    ("GET", COLLECTION, {}, 200, "listConversations"),
    ("HEAD", COLLECTION, {}, 200, "listConversations"),
    ("GET", ITEM, {}, 200, "retrieveConversation"),
    ("PUT", ITEM, {"json": {"is_muted": True}}, 200, "updateConversation"),
    ("DELETE", ITEM, {}, 204, "deleteConversation"),
    ("POST", COLLECTION, {"data": {"contact_id": "a"}}, 201, "createConversation"),
    ("POST", COLLECTION, {"data": {"contact": "a"}}, 400, "createConversation"),
    ("GET", f"{COLLECTION}/nothing", {}, 404, "retrieveConversation"),
    ("GET", "/v1/nothing", {}, 404, None),
    ("PATCH", ITEM, {}, 405, None),
    ("BREW", COLLECTION, {}, 405, None),
    ("POST", COLLECTION, {"data": b"a" * 1000}, 413, "createConversation"),
    ("POST", COLLECTION, {"data": b"a", "content_type": "text/plain"}, 415, "createConversation"),
    (
        "POST",
        COLLECTION,
        {"environ_overrides": {"CONTENT_LENGTH": "9", "wsgi.input": BytesIO(b"a")}},
        400,
        "createConversation",
    ),
    ("GET", COLLECTION, {"headers": {"Prefer": "code=418"}}, 418, "listConversations"),
    ("GET", COLLECTION, {"headers": {"Prefer": "code=1"}}, 400, "listConversations"),
]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "operation"), CALLS, ids=lambda value: str(value)[:40]
)
def test_every_call_is_recorded_with_its_status(
    open_api: Callable[..., FlaskClient],
    method: str,
    path: str,
    sent: dict[str, Any],
    status: int,
    operation: str | None,
) -> None:
    api = open_api(max_body_bytes=500)
    assert api.open(path, method=method, **sent).status_code == status
    (entry,) = entries(api)
    assert (entry["method"], entry["path"]) == (method, path)
    assert (entry["status"], entry["operation"]) == (status, operation)
    assert count(api, f"?status={status}") == 1


def test_calls_without_a_token_have_a_separate_journal(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app(max_sandboxes=1).test_client()
    me = {"Authorization": "Bearer me"}
    client.get(COLLECTION, headers=me)
    client.get(COLLECTION)
    client.get(COLLECTION, headers={"Authorization": "Basic abc"})
    client.get("/v1/nothing")
    client.options(COLLECTION, headers=me | {"Access-Control-Request-Method": "POST"})
    client.get(COLLECTION, headers={"Authorization": "Bearer no-room"})
    assert statuses(client) == [503, 204, 404, 401, 401]
    assert [entry["operation"] for entry in entries(client)][1:3] == [None, None]
    assert statuses(client, headers=me) == [200]
    assert count(client, "?status=401") == 2
    assert count(client, "?method=OPTIONS") == 1
    assert count(client, headers=me) == 1


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", [204, 404, 405, 201, 200, 200]),
        ("?limit=2", [204, 404]),
        ("?operation=listConversations", [200, 200]),
        ("?operation=listConversations&limit=1", [200]),
        ("?operation=updateConversation", []),
        ("?method=GET", [404, 200, 200]),
        ("?method=POST", [201]),
        ("?method=OTHER", [405]),
        ("?status=404", [404]),
        ("?status=500", []),
        ("?method=GET&status=200&operation=listConversations", [200, 200]),
        ("?method=POST&status=200", []),
    ],
)
def test_filters_apply_to_list_and_count(api: FlaskClient, query: str, shown: list[int]) -> None:
    api.get(COLLECTION)
    api.get(COLLECTION)
    api.post(COLLECTION, data={"contact_id": "a"})
    api.open(COLLECTION, method="BREW")
    api.get("/v1/nothing")
    api.delete(ITEM)
    assert statuses(api, query) == shown
    if "limit" not in query:
        assert count(api, query) == len(shown)


def test_default_limit_is_100(api: FlaskClient) -> None:
    for _ in range(103):
        api.get(ITEM)
    assert len(entries(api)) == 100
    assert len(entries(api, "?limit=10000")) == 103
    assert count(api) == 103


@pytest.mark.parametrize(
    ("path", "fragments"),
    [
        ("?limit=0", ["limit must be an integer from 1 to 10000", '"0"']),
        ("?limit=10001", ["limit must be"]),
        ("?limit=a", ["limit must be"]),
        ("?limit=", ["limit must be"]),
        ("?status=99", ["status must be an integer from 100 to 599"]),
        ("?status=600", ["status must be"]),
        ("?method=get", ["method must be one of", "GET"]),
        ("?operation=create", ["operation must be one of createConversation"]),
        ("?operaton=listConversations", ["did you mean operation?"]),
        ("?limit=1&limit=2", ["limit is given twice"]),
        ("/count?limit=1", ["limit is not an attribute of this query", "known are"]),
        ("/count?stats=200", ["did you mean status?"]),
    ],
)
def test_invalid_filter_is_refused(
    api: FlaskClient, assert_error_shape: Check, path: str, fragments: list[str]
) -> None:
    expected = [text.replace('"0"', "0") for text in fragments]
    assert_error_shape(api.get(PATH + path), 400, *expected)


def test_oldest_entries_are_dropped_and_counters_stay_exact(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(journal_entries=3)
    for at in range(3):
        api.get(f"{COLLECTION}/c{at}")
    assert api.get(PATH).get_json()["truncated"] is False
    for _ in range(7):
        api.get(ITEM)
    response = api.get(PATH).get_json()
    assert response["truncated"] is True
    assert [entry["path"] for entry in response["data"]] == [ITEM] * 3
    assert (count(api), count(api, "?status=404"), count(api, "?status=200")) == (10, 3, 7)
    assert statuses(api, "?status=404") == []


def test_journal_is_limited_in_bytes(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(journal_bytes=10_000, journal_body_bytes=100_000)
    for _ in range(30):
        api.post(COLLECTION, data=b"a" * 4000, content_type="text/plain")
    kept = entries(api)
    assert 1 <= len(kept) <= 2
    assert sum(len(entry["body"]) for entry in kept) <= 10_000
    assert api.get(PATH).get_json()["truncated"] is True
    assert count(api) == 30
    api.post(COLLECTION, data=b"a" * 20_000, content_type="text/plain")
    assert entries(api) == []
    assert count(api, "?status=415") == 31


@pytest.mark.parametrize("bounds", [{"journal_entries": 0}, {"journal_bytes": 0}])
def test_journal_without_capacity_still_counts(
    open_api: Callable[..., FlaskClient], bounds: dict[str, int]
) -> None:
    api = open_api(**bounds)
    api.get(ITEM)
    journal = api.get(PATH).get_json()
    assert (journal["truncated"], journal["data"]) == (True, [])
    assert count(api) == 1


def test_calls_do_not_displace_entries_of_other_sandboxes(open_app: Callable[..., Flask]) -> None:
    client = open_app(journal_entries=2).test_client()
    one, other = ({"Authorization": f"Bearer {token}"} for token in ("one", "other"))
    client.get(ITEM, headers=one)
    for _ in range(5):
        client.get(ITEM, headers=other)
        client.get(ITEM)
    assert statuses(client, headers=one) == [200]
    assert client.get(PATH, headers=one).get_json()["truncated"] is False


def test_cleared_journal_counts_from_zero(open_app: Callable[..., Flask]) -> None:
    client = open_app(journal_entries=1).test_client()
    me = {"Authorization": "Bearer me"}
    for _ in range(3):
        client.get(ITEM, headers=me)
        client.get(ITEM)
    response = client.delete(PATH, headers=me)
    assert (response.status_code, response.data) == (204, b"")
    journal = client.get(PATH, headers=me).get_json()
    assert (journal["truncated"], journal["data"]) == (False, [])
    assert count(client, headers=me) == 0
    assert count(client) == 3
    client.delete(PATH)
    assert count(client) == 0


def test_long_body_is_truncated_with_a_note(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(journal_body_bytes=10)
    for body, recorded in (
        (b"a" * 10, "a" * 10),
        (b"a" * 11, "a" * 10 + "… (cut: the body has 11 bytes)"),
        (b"\xff" * 3, r"\xff" * 3),
        ("aaaaaaaaaé".encode(), "a" * 9 + "… (cut: the body has 11 bytes)"),
    ):
        api.post(COLLECTION, data=body, content_type="application/json")
        assert entries(api, "?limit=1")[0]["body"] == recorded


SECRET = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"Authorization": f"Basic {SECRET}"}},
        {"headers": {"Authorization": SECRET}},
        {"headers": {"Cookie": f"session={SECRET}"}},
        {"headers": {"cookie": f"session={SECRET}"}},
        {"headers": {"X-Admin-Token": SECRET}},
        {"headers": {"Proxy-Authorization": f"Basic {SECRET}"}},
        {"query_string": f"access_token={SECRET}"},
        {"query_string": f"limit=1&access_token={SECRET}&muted=true"},
        {"data": f"access_token={SECRET}", "content_type": FORM},
        {"data": f"contact_id=a&access_token={SECRET}", "content_type": FORM},
        {"data": f"contact_id={'a' * 20}&access_token={SECRET}", "content_type": FORM},
    ],
    ids=str,
)
def test_secrets_are_not_recorded(open_api: Callable[..., FlaskClient], sent: dict[str, Any]) -> None:
    api = open_api(journal_body_bytes=45)
    api.post(COLLECTION, **sent)
    own_authorization = sent.get("headers", {}).get("Authorization", "Bearer me")
    kept = [
        text
        for authorization in (own_authorization, "", "Bearer me")
        for text in [api.get(PATH, headers={"Authorization": authorization}).text]
    ]
    assert any("[redacted]" in text for text in kept)
    for text in kept:
        assert SECRET not in text
        assert SECRET[:12] not in text


def test_similar_names_are_not_redacted(api: FlaskClient) -> None:
    api.get(f"{COLLECTION}?my_access_token=a&limit=1", headers={"X-Cookie": "b", "X-Authorization": "c"})
    (entry,) = entries(api)
    assert entry["query"] == "my_access_token=a&limit=1"
    assert (entry["headers"]["X-Cookie"], entry["headers"]["X-Authorization"]) == ("b", "c")


def test_faults_and_delays_are_recorded(api: FlaskClient) -> None:
    rule = {
        "name": "slow and broken",
        "match": {"method": "GET"},
        "delay": 0.25,
        "fault": {"type": "status", "status": 503},
    }
    api.post("/__admin/faults", json=rule)
    api.get(COLLECTION)
    api.get(COLLECTION, headers={"Prefer": "code=500"})
    api.delete(ITEM)
    assert [
        (entry["status"], entry["fault"], entry["rule"], entry["delay_ms"]) for entry in entries(api)
    ] == [(204, None, None, 0.0), (500, "status", "header", 0.0), (503, "status", "slow and broken", 0.25)]


def test_lost_response_is_recorded_with_its_status() -> None:
    app = create_app(Settings(scenario="documented"), now=lambda: 5.0, monotonic=lambda: 0.0)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
    client.post("/__admin/faults", json={"fault": {"type": "status", "status": 503}, "phase": "after"})
    client.post(COLLECTION, data={"contact_id": "a"})
    assert entries(client)[0]["fault"] == "status after 201"


def test_duration_includes_the_delay() -> None:
    time = iter(range(1000))
    clock = {"now": 0.0}

    def wait(_event: Event, seconds: float) -> None:
        clock["now"] += seconds

    app = create_app(
        Settings(scenario="documented"),
        now=lambda: next(time),
        monotonic=lambda: clock["now"],
        concurrency=Concurrency(wait=wait),
    )
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
    client.get(COLLECTION, headers={"Prefer": "delay=250"})
    (entry,) = entries(client)
    assert (entry["duration_ms"], entry["delay_ms"]) == (250.0, 250.0)


def test_journal_supports_only_get_and_delete(api: FlaskClient, assert_error_shape: Check) -> None:
    for path, method in ((PATH, "POST"), (PATH, "PUT"), (f"{PATH}/count", "DELETE"), (PATH, "PATCH")):
        assert_error_shape(api.open(path, method=method, json={}), 405)
    assert_error_shape(api.get(f"{PATH}/1"), 404)
    assert_error_shape(api.delete(f"{PATH}?status=200"), 400, "status is not known here")
