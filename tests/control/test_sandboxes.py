"""Who is here, and dropping one. No token is ever shown whole."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import create_app
from sandbox.control.sandboxes import SHOWN_LETTERS, masked
from sandbox.settings import Settings
from sandbox.world.fleet import GRACE_SECONDS
from tests.conftest import loaded

Check = Callable[..., str]

PATH = "/__admin/sandboxes"
COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"

# What a header can carry: visible ASCII, and bytes beyond, which WSGI hands on as Latin-1.
tokens = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, categories=["L", "N", "P", "S"]), min_size=1
)


def as_(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def here(client: FlaskClient) -> list[dict[str, Any]]:
    answer = client.get(PATH)
    assert answer.status_code == 200
    data: list[dict[str, Any]] = answer.get_json()["data"]
    return data


def test_a_sandbox_is_listed_with_what_it_holds_and_how_long_it_was_idle(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app().test_client()
    assert here(client) == []
    client.post(COLLECTION, headers=as_("worker-1"), data={"contact_id": "a"})
    client.get(COLLECTION, headers=as_("worker-1"))
    clock.uptime += 1.5
    client.get("/__admin/clock", headers=as_("b"))
    clock.uptime += 2
    found = here(client)
    assert [len(each.pop("id")) for each in found] == [16, 16]
    assert found == [
        {"token": "work…", "conversations": 3, "requests": 2, "idle_seconds": 3.5},
        {"token": "…", "conversations": 2, "requests": 0, "idle_seconds": 2.0},
    ]


def test_the_list_makes_no_sandbox_and_keeps_none_awake(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app().test_client()
    client.get(COLLECTION, headers=as_("one"))
    clock.uptime += 5
    for _ in range(2):
        assert client.get(PATH, headers=as_("other")).status_code == 200
    assert [each["idle_seconds"] for each in here(client)] == [5.0]


def test_an_id_is_the_same_every_time_and_another_on_another_server(open_app: Callable[..., Flask]) -> None:
    ids = []
    for _ in range(2):
        client = open_app().test_client()
        for token in ("one", "other"):
            client.get(COLLECTION, headers=as_(token))
        first = [each["id"] for each in here(client)]
        client.post("/__admin/reset?all=true", json={})
        assert [each["id"] for each in here(client)] == first
        ids += first
    assert len(set(ids)) == 4


def test_a_dropped_sandbox_begins_anew_and_no_other_does(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app().test_client()
    for token in ("first-token", "second-token"):
        client.delete(ITEM, headers=as_(token))
    client.post("/__admin/snapshots", headers=as_("first-token"), json={})
    (meant,) = [each["id"] for each in here(client) if each["token"] == "firs…"]
    assert client.delete(f"{PATH}/{meant}").status_code == 204
    assert [each["token"] for each in here(client)] == ["seco…"]
    assert client.get(ITEM, headers=as_("second-token")).status_code == 404
    assert client.get(ITEM, headers=as_("first-token")).status_code == 200
    assert client.get("/__admin/snapshots", headers=as_("first-token")).get_json() == {"data": []}
    assert client.get("/__admin/requests/count", headers=as_("first-token")).get_json() == {"count": 1}
    assert meant in [each["id"] for each in here(client)]


def test_dropping_makes_room_for_another_token(open_app: Callable[..., Flask]) -> None:
    client = open_app(max_sandboxes=1).test_client()
    client.get(COLLECTION, headers=as_("one"))
    assert client.get(COLLECTION, headers=as_("other")).status_code == 503
    client.delete(f"{PATH}/{here(client)[0]['id']}")
    assert client.get(COLLECTION, headers=as_("other")).status_code == 200


def test_a_full_server_refuses_a_control_call_of_a_new_token_and_lists_all_the_same(
    open_app: Callable[..., Flask], clock: SimpleNamespace, assert_error_shape: Check
) -> None:
    client = open_app(max_sandboxes=1).test_client()
    client.get("/__admin/state", headers=as_("one"))
    refused = client.get("/__admin/state", headers=as_("other"))
    assert_error_shape(refused, 503, "All 1 sandboxes", "--max-sandboxes")
    assert int(refused.headers["Retry-After"]) > 0
    assert len(here(client)) == 1
    clock.uptime += GRACE_SECONDS
    assert client.get("/__admin/state", headers=as_("other")).status_code == 200


@pytest.mark.parametrize("name", ["anonymous", "0" * 16, "%F0%9F%98%80", "a" * 500, "one"])
def test_an_unknown_sandbox_is_not_found(
    open_app: Callable[..., Flask], assert_error_shape: Check, name: str
) -> None:
    client = open_app().test_client()
    client.get(COLLECTION, headers=as_("one"))
    message = assert_error_shape(client.delete(f"{PATH}/{name}"), 404, "no sandbox with the id")
    assert len(message) < 200
    assert len(here(client)) == 1


def test_an_id_that_was_dropped_is_not_found(
    open_app: Callable[..., Flask], assert_error_shape: Check
) -> None:
    client = open_app().test_client()
    client.get(COLLECTION, headers=as_("one"))
    url = f"{PATH}/{here(client)[0]['id']}"
    assert client.delete(url).status_code == 204
    assert_error_shape(client.delete(url), 404)


def test_the_list_takes_nothing(api: FlaskClient, assert_error_shape: Check) -> None:
    assert_error_shape(api.get(f"{PATH}?limit=1"), 400, "limit is not known here")
    for method in ("POST", "PUT", "DELETE"):
        assert_error_shape(api.open(PATH, method=method, json={}), 405)


@given(token=tokens)
def test_a_masked_token_shows_at_most_half_and_never_all(token: str) -> None:
    shown = masked(token)
    assert token not in shown
    letters = shown.removesuffix("…")
    assert token.startswith(letters)
    assert len(letters) <= min(SHOWN_LETTERS, len(token) / 2)


@pytest.mark.parametrize(
    ("token", "shown"),
    [("a", "…"), ("ab", "a…"), ("abc", "a…"), ("abcd", "ab…"), ("abcdefgh", "abcd…"), ("x" * 999, "xxxx…")],
)
def test_how_a_token_is_masked(token: str, shown: str) -> None:
    assert masked(token) == shown


@pytest.fixture(scope="module")
def lonely_app() -> Flask:
    """An application that nobody else calls: a token that is drawn may be one of theirs."""
    return create_app(Settings(scenario="documented"), scenario=loaded("documented"))


@settings(max_examples=40, deadline=None)
@given(token=tokens)
def test_no_token_is_shown_whole_in_the_list_and_each_can_be_dropped(lonely_app: Flask, token: str) -> None:
    client = lonely_app.test_client()
    client.get("/__admin/clock", environ_overrides={"HTTP_AUTHORIZATION": f"Bearer {token}"})
    (mine,) = here(client)
    assert token not in mine["token"]
    assert client.delete(f"{PATH}/{mine['id']}").status_code == 204
