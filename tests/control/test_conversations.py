"""Arranging of conversations in any state."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.world.clock import LATEST_TIMESTAMP

Check = Callable[..., str]

PATH = "/__admin/conversations"
COLLECTION = "/v1/conversations"
FIRST = "xgQQXg3hrtjh7AvZ"

PLAIN: dict[str, Any] = {
    "id": "mine",
    "contact_id": "c",
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": False,
    "last_active_at": None,
    "last_opened_at": None,
    "created_at": 1_800_000_000,
    "archived_at": None,
}
CHANGES: list[dict[str, Any]] = [
    {},
    {"contact_id": "other"},
    {"contact_id": None, "group_id": "g"},
    {"group_id": "g"},
    {"pinned_message_id": "m"},
    {"is_pinned": True},
    {"is_muted": True},
    {"last_active_at": 0},
    {"last_opened_at": LATEST_TIMESTAMP},
    {"created_at": 0},
    {"created_at": LATEST_TIMESTAMP},
    {"archived_at": 5},
    {"archived_at": 5.0},
    {
        "contact_id": "a",
        "group_id": "b",
        "pinned_message_id": "c",
        "is_pinned": True,
        "is_muted": True,
        "last_active_at": 1,
        "last_opened_at": 2,
        "created_at": 3,
        "archived_at": 4,
    },
]


def stored(client: FlaskClient, conversation_id: str = "mine") -> bytes:
    data: bytes = client.get(f"{COLLECTION}/{conversation_id}").data
    return data


@pytest.mark.parametrize("changes", CHANGES, ids=json.dumps)
def test_every_attribute_of_a_new_conversation_can_be_set(api: FlaskClient, changes: dict[str, Any]) -> None:
    response = api.put(f"{PATH}/mine", json={"contact_id": "c"} | changes)
    assert response.status_code == 201
    assert list(response.get_json().items()) == list((PLAIN | changes).items())
    assert response.data == stored(api)


@pytest.mark.parametrize("changes", CHANGES, ids=json.dumps)
def test_every_attribute_can_be_changed_without_changing_the_others(
    api: FlaskClient, changes: dict[str, Any]
) -> None:
    before = json.loads(stored(api, FIRST))
    response = api.put(f"{PATH}/{FIRST}", json=changes)
    assert response.status_code == 200
    assert list(response.get_json().items()) == list((before | changes).items())
    assert response.data == stored(api, FIRST)


def test_nullable_attributes_can_be_cleared(api: FlaskClient) -> None:
    api.put(f"{PATH}/mine", json=CHANGES[-1])
    cleared = dict.fromkeys(
        ("contact_id", "pinned_message_id", "last_active_at", "last_opened_at", "archived_at")
    )
    response = api.put(f"{PATH}/mine", json=cleared)
    assert response.get_json() == {"id": "mine"} | CHANGES[-1] | cleared


def test_lists_reflect_arranged_attributes(api: FlaskClient) -> None:
    def ids(**query: str) -> list[str]:
        return [each["id"] for each in api.get(COLLECTION, query_string=query).get_json()["data"]]

    api.put(f"{PATH}/mine", json={"group_id": "g", "created_at": 5, "is_muted": True})
    assert ids()[-1] == "mine"
    assert ids(muted="true", group_id="g") == ["mine"]
    api.put(f"{PATH}/mine", json={"created_at": LATEST_TIMESTAMP, "is_muted": False, "archived_at": 1})
    assert ids()[0] == "mine"
    assert ids(muted="true") == []
    assert ids(archived="true", group_id="g") == ["mine"]
    assert ids(starting_after="mine")[0] == FIRST
    assert len(ids()) == 3


def test_deleted_conversation_can_be_arranged_again(api: FlaskClient) -> None:
    api.delete(f"{COLLECTION}/{FIRST}")
    assert api.put(f"{PATH}/{FIRST}", json={"contact_id": "c"}).status_code == 201
    assert api.get(f"{COLLECTION}/{FIRST}").get_json()["contact_id"] == "c"
    assert api.get("/__admin/state").get_json()["deleted"] == []


def test_arranged_id_is_not_generated_for_a_created_conversation(
    open_api: Callable[..., FlaskClient],
) -> None:
    api = open_api("blank")
    api.put(f"{PATH}/{FIRST}", json={"contact_id": "c"})
    assert api.post(COLLECTION, data={"contact_id": "a"}).get_json()["id"] != FIRST


def test_new_conversation_is_created_at_the_time_of_the_sandbox(api: FlaskClient) -> None:
    api.put("/__admin/clock", json={"action": "freeze", "at": 7.9})
    assert api.put(f"{PATH}/mine", json={"contact_id": "c"}).get_json()["created_at"] == 7


def test_arranging_affects_one_sandbox_and_is_not_journalled(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app().test_client()
    one, other = ({"Authorization": f"Bearer {token}"} for token in ("one", "other"))
    client.put(f"{PATH}/mine", headers=one, json={"contact_id": "c"})
    assert client.get(f"{COLLECTION}/mine", headers=other).status_code == 404
    assert client.get("/__admin/requests/count", headers=one).get_json() == {"count": 0}


@pytest.mark.parametrize("name", ["a b", "a" * 65, "\xe9", "a.b", "a:b", "%00", "%F0%9F%98%80", "a%0A"])
def test_invalid_id_in_the_path_is_refused(api: FlaskClient, assert_error_shape: Check, name: str) -> None:
    before = api.get("/__admin/state").data
    assert_error_shape(
        api.put(f"{PATH}/{name}", json={"contact_id": "c"}), 400, "id in the path", "1 to 64 letters"
    )
    assert api.get("/__admin/state").data == before


@pytest.mark.parametrize("name", ["a", "a" * 64, "A-b_9", "-", "0", "trigger_500"])
def test_any_valid_id_is_accepted(api: FlaskClient, name: str) -> None:
    assert api.put(f"{PATH}/{name}", json={"contact_id": "c"}).status_code == 201
    assert api.put(f"{PATH}/{name}", json={"contact_id": "c"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "fragments"),
    [
        ({}, ["contact_id or a group_id"]),
        ({"contact_id": None}, ["contact_id or a group_id"]),
        ({"is_muted": True}, ["contact_id or a group_id"]),
        ({"contact_id": ""}, ["contact_id must be an id"]),
        ({"contact_id": 5}, ["contact_id must be an id", "not 5"]),
        ({"contact_id": "c", "is_muted": "true"}, ["is_muted must be true or false"]),
        ({"contact_id": "c", "is_muted": None}, ["is_muted must be"]),
        ({"contact_id": "c", "created_at": None}, ["created_at must be Unix seconds"]),
        ({"contact_id": "c", "created_at": -1}, ["created_at must be"]),
        ({"contact_id": "c", "archived_at": LATEST_TIMESTAMP + 1}, ["archived_at must be"]),
        ({"contact_id": "c", "archived_at": 1.5}, ["archived_at must be"]),
        ({"contact_id": "c", "id": "mine"}, ["id is not an attribute"]),
        ({"contact_id": "c", "isMuted": True}, ["isMuted", "did you mean is_muted?"]),
        ({"contact": "c"}, ["did you mean contact_id?"]),
    ],
)
def test_invalid_body_is_refused_and_creates_nothing(
    api: FlaskClient, assert_error_shape: Check, body: dict[str, Any], fragments: list[str]
) -> None:
    assert_error_shape(api.put(f"{PATH}/mine", json=body), 400, *fragments)
    assert_error_shape(api.get(f"{COLLECTION}/mine"), 404)


def test_change_that_leaves_neither_contact_nor_group_is_refused(
    api: FlaskClient, assert_error_shape: Check
) -> None:
    before = stored(api, FIRST)
    assert_error_shape(api.put(f"{PATH}/{FIRST}", json={"contact_id": None, "is_muted": True}), 400)
    assert stored(api, FIRST) == before


def test_full_sandbox_accepts_changes_but_no_new_conversation(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_conversations=2)
    assert_error_shape(
        api.put(f"{PATH}/mine", json={"contact_id": "c"}), 507, "2 conversations", "--max-conversations"
    )
    assert api.put(f"{PATH}/{FIRST}", json={"is_muted": True}).status_code == 200
    api.delete(f"{COLLECTION}/{FIRST}")
    assert api.put(f"{PATH}/mine", json={"contact_id": "c"}).status_code == 201
    assert len(api.get(COLLECTION).get_json()["data"]) == 2


def test_arranging_requires_a_token_and_json(api: FlaskClient, assert_error_shape: Check) -> None:
    url = f"{PATH}/mine"
    assert_error_shape(
        api.put(url, headers={"Authorization": ""}, json={"contact_id": "c"}), 400, "Authorization: Bearer"
    )
    assert_error_shape(api.put(url, data={"contact_id": "c"}), 415, "application/json")
    assert_error_shape(api.put(f"{url}?a=b", json={"contact_id": "c"}), 400, "a is not known here")
    for method in ("GET", "POST", "PATCH"):
        assert_error_shape(api.open(url, method=method, json={}), 405)
    assert_error_shape(api.put(f"{PATH}/a/b", json={"contact_id": "c"}), 404)
    assert_error_shape(api.put(f"{PATH}/", json={"contact_id": "c"}), 404)


def test_delete_removes_the_conversation_beyond_journal_and_faults(api: FlaskClient) -> None:
    api.post("/__admin/faults", json={"fault": {"type": "status", "status": 500}})
    assert api.delete(f"{PATH}/{FIRST}").status_code == 204
    assert api.get("/__admin/requests/count").get_json() == {"count": 0}
    api.delete("/__admin/faults")
    assert api.get(f"{COLLECTION}/{FIRST}").status_code == 404
    # Its id still works as a cursor, as after a delete by the API.
    assert api.get(f"{COLLECTION}?starting_after={FIRST}").status_code == 200


@pytest.mark.parametrize("name", ["nope", FIRST + "x", "a b", "%00", "a" * 65])
def test_delete_of_an_unknown_conversation_is_404(
    api: FlaskClient, assert_error_shape: Check, name: str
) -> None:
    assert_error_shape(api.delete(f"{PATH}/{name}"), 404)


def test_delete_needs_a_sandbox(api: FlaskClient, assert_error_shape: Check) -> None:
    response = api.delete(f"{PATH}/{FIRST}", headers={"Authorization": ""})
    assert_error_shape(response, 400, "Authorization: Bearer")
