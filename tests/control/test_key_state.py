"""Idempotency keys in the state document."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.schemas.examples import CREATED

Check = Callable[..., str]

STATE = "/__admin/state"
COLLECTION = "/v1/conversations"
CONVERSATION: dict[str, Any] = CREATED | {"id": "a", "contact_id": "c", "created_at": 5}
KEY: dict[str, Any] = {"key": "k", "at": 5.25, "conversation": CONVERSATION}
EMPTY: dict[str, Any] = {
    "version": 1,
    "seed": 7,
    "pinned_ids": [],
    "id_index": 0,
    "frozen_at": 1000.5,
    "clock_offset": 0.0,
    "faults": [],
    "conversations": [],
    "deleted": [],
}


def create(api: FlaskClient, key: str = "k", contact_id: str = "c") -> TestResponse:
    return api.post(
        COLLECTION,
        json={"contact_id": contact_id},
        headers={"Idempotency-Key": key.encode().decode("latin-1")},
    )


def import_(api: FlaskClient, *keys: Any) -> TestResponse:
    return api.put(STATE, json=EMPTY | {"idempotency_keys": list(keys)})


def test_document_has_keys_only_if_there_are_any(api: FlaskClient) -> None:
    assert "idempotency_keys" not in api.get(STATE).get_json()
    api.put(STATE, json=EMPTY)
    created = create(api, "é").get_json()
    document = api.get(STATE).get_json()
    assert document["idempotency_keys"] == [{"key": "é", "at": 1000.5, "conversation": created}]


def test_exported_conversation_is_that_of_the_create(api: FlaskClient) -> None:
    created = create(api).get_json()
    api.put(f"{COLLECTION}/{created['id']}", json={"is_muted": True})
    api.delete(f"{COLLECTION}/{created['id']}")
    (stored,) = api.get(STATE).get_json()["idempotency_keys"]
    assert stored["conversation"] == created


def test_imported_key_is_replayed_by_an_equal_response(api: FlaskClient, assert_error_shape: Check) -> None:
    created = create(api, contact_id="other")
    document = api.get(STATE).data
    api.post("/__admin/reset", json={})
    assert api.put(STATE, data=document, content_type="application/json").status_code == 200
    replayed = create(api, contact_id="other")
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert (replayed.data, replayed.headers["Location"]) == (created.data, created.headers["Location"])
    assert_error_shape(create(api), 422)
    assert api.get(STATE).data == document


def test_document_without_keys_forgets_those_of_the_sandbox(api: FlaskClient) -> None:
    create(api)
    assert api.put(STATE, json=EMPTY).status_code == 200
    assert "Idempotent-Replayed" not in create(api).headers


def test_keys_are_exported_as_they_were_imported_the_oldest_first(api: FlaskClient) -> None:
    keys = [KEY | {"key": f"k{at}", "at": float(at)} for at in (7, 5, 6)]
    assert import_(api, *keys).status_code == 200
    assert api.get(STATE).get_json()["idempotency_keys"] == [keys[1], keys[2], keys[0]]


@pytest.mark.parametrize(("at", "is_replay"), [(1000.5 - 86_400.25, False), (1000.5 - 86_399.75, True)])
def test_imported_key_keeps_its_age(api: FlaskClient, at: float, is_replay: bool) -> None:
    document = EMPTY | {"frozen_at": 90_000.5, "idempotency_keys": [KEY | {"at": at + 89_000}]}
    assert api.put(STATE, json=document).status_code == 200
    response = create(api)
    assert ("Idempotent-Replayed" in response.headers) is is_replay
    assert (response.get_json()["id"] == "a") is is_replay


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ([{}], "idempotency_keys[0].key is missing; it must be a text of 1 to 255 characters."),
        ([KEY | {"key": ""}], 'idempotency_keys[0].key must be a text of 1 to 255 characters, not "".'),
        ([KEY | {"key": "a" * 256}], "idempotency_keys[0].key must be a text of 1 to 255 characters"),
        ([KEY | {"key": "\ud800"}], "idempotency_keys[0].key must be a text of 1 to 255 characters"),
        ([KEY | {"key": 5}], "idempotency_keys[0].key must be a text of 1 to 255 characters, not 5."),
        ([KEY, KEY], 'idempotency_keys[1].key is "k", as is idempotency_keys[0].key.'),
        ([KEY | {"at": -1}], "idempotency_keys[0].at must be a number from 0 to"),
        ([KEY | {"at": None}], "idempotency_keys[0].at must be a number from 0 to"),
        ([KEY | {"conversation": {}}], "idempotency_keys[0].conversation.id is missing;"),
        ([KEY | {"conversation": None}], "idempotency_keys[0].conversation must be an object, not null."),
        (
            [KEY, KEY | {"key": "l", "conversation": CONVERSATION | {"contact_id": None}}],
            "idempotency_keys[1].conversation needs a contact_id or a group_id (or both).",
        ),
        ([KEY | {"body": ""}], "idempotency_keys[0].body is not an attribute of an idempotency key;"),
        ([5], "idempotency_keys[0] must be an object, not 5."),
        ({}, "idempotency_keys must be a list, not {}."),
        (None, "idempotency_keys must be a list, not null."),
    ],
    ids=lambda part: json.dumps(part)[:50],
)
def test_mistake_is_refused_with_its_place(
    api: FlaskClient, assert_error_shape: Check, broken: Any, said: str
) -> None:
    create(api, "mine")
    before = api.get(STATE).data
    assert_error_shape(api.put(STATE, json=EMPTY | {"idempotency_keys": broken}), 400, said)
    assert api.get(STATE).data == before


def test_document_has_no_more_keys_than_a_sandbox_may_remember(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_idempotency_keys=2)
    keys = [KEY | {"key": f"k{number}"} for number in range(3)]
    assert_error_shape(import_(api, *keys), 507, "2 idempotency keys", "--max-idempotency-keys")
    assert import_(api, *keys[:2]).status_code == 200


def test_key_of_a_conversation_that_exists_or_was_deleted_is_accepted(api: FlaskClient) -> None:
    document = EMPTY | {
        "conversations": [CONVERSATION | {"is_muted": True}],
        "deleted": [{"id": "b", "created_at": 5}],
        "idempotency_keys": [KEY, {"key": "l", "at": 6.0, "conversation": CONVERSATION | {"id": "b"}}],
    }
    assert api.put(STATE, json=document).status_code == 200
    assert create(api).get_json() == CONVERSATION
    assert create(api, "l").get_json()["id"] == "b"
    assert api.get(STATE).get_json() == document
