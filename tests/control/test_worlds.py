"""Declaring worlds, and serving only those that were declared."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.control.worlds import EXAMPLE
from sandbox.world.fleet import GRACE_SECONDS

Check = Callable[..., str]

PATH = "/__admin/worlds"
COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"
ME = {"Authorization": "Bearer me"}


@pytest.fixture
def client(open_app: Callable[..., Flask]) -> FlaskClient:
    return open_app().test_client(use_cookies=False)


def declare(client: FlaskClient, **body: Any) -> dict[str, Any]:
    response = client.post(PATH, json=body)
    assert response.status_code == 201, response.text
    declared: dict[str, Any] = response.get_json()
    return declared


def test_world_is_declared_with_name_url_token_and_headers(client: FlaskClient) -> None:
    declared = declare(client, name="checkout", scenario="blank", seed=7, ttl_seconds=600)
    token = declared.pop("token")
    assert token.startswith("world_")
    assert declared == {
        "name": "checkout",
        "url": "http://localhost/t/checkout",
        "headers": {"Authorization": f"Bearer {token}", "X-Sandbox-World": "checkout"},
        "scenario": "blank",
        "seed": 7,
        "conversations": 0,
        "ttl_seconds": 600,
    }


def test_world_without_a_body_gets_a_name_and_the_scenario_of_the_server(client: FlaskClient) -> None:
    worlds = [declare(client) for _ in range(3)]
    assert len({world["name"] for world in worlds}) == len({world["token"] for world in worlds}) == 3
    assert {(world["scenario"], world["conversations"]) for world in worlds} == {("documented", 2)}
    assert list(worlds[0]) == list(EXAMPLE)


def test_url_headers_and_token_select_the_same_world(client: FlaskClient) -> None:
    world = declare(client, name="a", scenario="blank")
    path = world["url"].removeprefix("http://localhost")
    bearer = {"Authorization": f"Bearer {world['token']}"}
    ways = [(path, bearer), (path, ME), ("", world["headers"]), ("", bearer)]
    for number, (prefix, headers) in enumerate(ways, 1):
        sent = client.post(prefix + COLLECTION, headers=headers, data={"contact_id": "a"})
        assert sent.status_code == 201
        for other, other_headers in ways:
            assert len(client.get(other + COLLECTION, headers=other_headers).get_json()["data"]) == number
            counted = client.get(f"{other}/__admin/requests/count", headers=other_headers)
            assert counted.get_json()["count"] > 0
    assert len(client.get("/__admin/sandboxes").get_json()["data"]) == 1


def test_first_create_in_a_declared_world_is_the_documented_example(client: FlaskClient) -> None:
    declare(client, name="a", scenario="blank")
    created = client.post(f"/t/a{COLLECTION}", headers=ME, data={"contact_id": "a"}).get_json()
    assert (created["id"], created["created_at"]) == ("xgQQXg3hrtjh7AvZ", 692233200)


def test_url_is_the_one_by_which_the_client_reaches_the_server(client: FlaskClient) -> None:
    headers = {"Host": "127.0.0.1:4711"}
    for number, prefix in enumerate(("", "/t/other")):
        declared = client.post(prefix + PATH, json={"name": f"a{number}"}, headers=headers).get_json()
        assert declared["url"] == f"http://127.0.0.1:4711/t/a{number}"


@pytest.mark.parametrize("is_declared", [True, False])
def test_taken_name_is_refused_and_its_world_stays(
    client: FlaskClient, assert_error_shape: Check, is_declared: bool
) -> None:
    if is_declared:
        declare(client, name="a")
    client.delete(f"/t/a{ITEM}", headers=ME)
    response = client.post(PATH, json={"name": "a", "scenario": "blank"})
    assert_error_shape(response, 409, '"a"', "POST /t/a/__admin/reset", "leave out name")
    assert len(client.get(f"/t/a{COLLECTION}", headers=ME).get_json()["data"]) == 1


def test_name_is_free_again_after_its_world_was_dropped(client: FlaskClient) -> None:
    old = declare(client, name="a")
    (listed,) = client.get("/__admin/sandboxes").get_json()["data"]
    client.delete(f"/__admin/sandboxes/{listed['id']}")
    new = declare(client, name="a", scenario="blank")
    assert old["token"] != new["token"]
    assert client.get(ITEM, headers={"Authorization": f"Bearer {new['token']}"}).status_code == 404
    assert client.get(ITEM, headers={"Authorization": f"Bearer {old['token']}"}).status_code == 200


def test_name_of_a_token_is_free(client: FlaskClient) -> None:
    client.get(COLLECTION, headers=ME)
    assert declare(client, name="me")["name"] == "me"


@pytest.mark.parametrize(
    ("body", "fragments"),
    [
        ({"name": ""}, ["name must be 1 to 64 letters, digits, _ or -"]),
        ({"name": "a/b"}, ["name must be", '"a/b"']),
        ({"name": "a" * 65}, ["name must be"]),
        ({"name": None}, ["name must be", "not null"]),
        ({"name": 5}, ["name must be", "5"]),
        ({"scenario": "nope"}, ["nope"]),
        ({"scenario": "./my.json"}, ["my.json"]),
        ({"seed": -1}, ["seed must be an integer"]),
        ({"ttl_seconds": 0}, ["ttl_seconds must be an integer from 1 to 31536000, not 0"]),
        ({"ttl_seconds": 1.5}, ["ttl_seconds must be", "1.5"]),
        ({"ttl_seconds": 31536001}, ["ttl_seconds must be"]),
        ({"nam": "a"}, ["nam is not an attribute of this body", "did you mean name?"]),
        ([], ["object"]),
    ],
)
def test_invalid_declaration_is_refused_and_declares_nothing(
    client: FlaskClient, assert_error_shape: Check, body: Any, fragments: list[str]
) -> None:
    assert_error_shape(client.post(PATH, json=body), 400, *fragments)
    assert client.get("/__admin/sandboxes").get_json() == {"data": []}


def test_declaration_must_be_json(client: FlaskClient, assert_error_shape: Check) -> None:
    assert_error_shape(client.post(PATH, data={"name": "a"}), 415, "application/json")


@pytest.mark.without_store
def test_full_server_refuses_a_declaration(
    open_app: Callable[..., Flask], clock: SimpleNamespace, assert_error_shape: Check
) -> None:
    client = open_app(max_sandboxes=1).test_client()
    declare(client, name="a")
    assert_error_shape(client.post(PATH, json={"name": "b"}), 503, "--max-sandboxes")
    clock.uptime += GRACE_SECONDS
    declare(client, name="b")
    assert [each["name"] for each in client.get("/__admin/sandboxes").get_json()["data"]] == ["b"]


@pytest.mark.without_store
@pytest.mark.parametrize("idle_seconds", [0, 5, 1000])
def test_world_ends_after_its_time_to_live_although_it_is_used(
    open_app: Callable[..., Flask], clock: SimpleNamespace, idle_seconds: int
) -> None:
    client = open_app(idle_seconds=idle_seconds).test_client()
    declare(client, name="a", scenario="blank", ttl_seconds=10)
    declare(client, name="b", scenario="blank", ttl_seconds=20)
    for _ in range(3):
        clock.uptime += 3
        assert client.get(f"/t/a{ITEM}", headers=ME).status_code == 404
        assert client.get(f"/t/b{ITEM}", headers=ME).status_code == 404
    clock.uptime += 1
    assert client.get(f"/t/b{ITEM}", headers=ME).status_code == 404
    assert [each["name"] for each in client.get("/__admin/sandboxes").get_json()["data"]] == ["b"]
    # Not strict: the name begins anew, as the server's scenario.
    assert client.get(f"/t/a{ITEM}", headers=ME).status_code == 200
    declare(client, name="c", ttl_seconds=5)


@pytest.mark.without_store
def test_time_to_live_does_not_depend_on_the_clock_of_the_world(
    client: FlaskClient, clock: SimpleNamespace
) -> None:
    declare(client, name="a", scenario="blank", ttl_seconds=10)
    client.put("/t/a/__admin/clock", json={"action": "advance", "seconds": 100})
    clock.now += 100
    assert client.get(f"/t/a{ITEM}", headers=ME).status_code == 404
    clock.uptime += 10
    assert client.get("/__admin/sandboxes").get_json() == {"data": []}


CALLS: list[tuple[str, str, dict[str, str], int]] = [
    ("GET", f"/t/a{COLLECTION}", ME, 200),
    ("GET", COLLECTION, ME | {"X-Sandbox-World": "a"}, 200),
    ("GET", COLLECTION, ME | {"Cookie": "sandbox_world=a"}, 200),
    ("GET", COLLECTION, {}, 401),
    ("GET", f"/t/a{COLLECTION}", {}, 401),
    ("GET", "/t/a/__admin/clock", {}, 200),
    ("GET", "/__admin/clock", {"X-Sandbox-World": "a"}, 200),
    ("OPTIONS", f"/t/b{COLLECTION}", {}, 204),
    ("GET", "/openapi.json", ME, 200),
    ("GET", "/__admin/health", ME, 200),
    ("GET", "/__admin/sandboxes", ME, 200),
    ("GET", "/__admin/faults", {}, 200),
    ("GET", COLLECTION, ME, 400),
    ("GET", "/v1/nothing", ME, 400),
    ("GET", f"/t/b{COLLECTION}", ME, 400),
    ("GET", COLLECTION, ME | {"X-Sandbox-World": "b"}, 400),
    ("GET", COLLECTION, ME | {"Cookie": "sandbox_world=b"}, 400),
    ("GET", "/t/b/__admin/clock", ME, 400),
    ("GET", "/__admin/clock", ME, 400),
    ("GET", "/__admin/clock", ME | {"Cookie": "sandbox_world=a"}, 400),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), CALLS)
def test_strict_server_serves_declared_worlds_alone(
    open_app: Callable[..., Flask],
    assert_error_shape: Check,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
) -> None:
    client = open_app(strict_worlds=True).test_client(use_cookies=False)
    declare(client, name="a")
    response = client.open(path, method=method, headers=headers)
    assert response.status_code == status, response.text
    if status == 400:
        message = assert_error_shape(response, 400, "--strict-worlds", "POST /__admin/worlds")
        names_b = "/t/b/" in path or headers.get("X-Sandbox-World", headers.get("Cookie", ""))[-1:] == "b"
        assert ('"b"' if names_b else "names none") in message
        assert "Bearer" not in message
        assert " me" not in message
    assert [each["name"] for each in client.get("/__admin/sandboxes").get_json()["data"]] == ["a"]


def test_strict_server_serves_the_token_of_a_declared_world(open_app: Callable[..., Flask]) -> None:
    client = open_app(strict_worlds=True).test_client()
    bearer = {"Authorization": f"Bearer {declare(client)['token']}"}
    assert client.get(COLLECTION, headers=bearer).status_code == 200
    assert client.get("/__admin/clock", headers=bearer).status_code == 200


@pytest.mark.without_store
def test_strict_server_refuses_a_world_that_has_ended(
    open_app: Callable[..., Flask], clock: SimpleNamespace, assert_error_shape: Check
) -> None:
    client = open_app(strict_worlds=True).test_client()
    world = declare(client, name="a", ttl_seconds=10)
    clock.uptime += 10
    assert_error_shape(client.get(f"/t/a{COLLECTION}", headers=ME), 400, '"a"', "has ended")
    bearer = {"Authorization": f"Bearer {world['token']}"}
    assert_error_shape(client.get(COLLECTION, headers=bearer), 400, "names none")


def test_strict_server_journals_refused_calls_without_a_world(open_app: Callable[..., Flask]) -> None:
    client = open_app(strict_worlds=True).test_client()
    client.get(COLLECTION, headers=ME)
    (entry,) = client.get("/__admin/requests").get_json()["data"]
    assert (entry["path"], entry["status"]) == (COLLECTION, 400)


@pytest.mark.without_store
def test_health_shows_a_strict_server(open_app: Callable[..., Flask]) -> None:
    health = open_app(strict_worlds=True).test_client().get("/__admin/health").get_json()
    assert health["on"] == ["strict worlds (only declared ones are served)"]
