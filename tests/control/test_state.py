"""Export and import of a whole sandbox: all of it or nothing."""

import json
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
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.concurrency import Concurrency

Check = Callable[..., str]
Document = dict[str, Any]

STATE = "/__admin/state"
COLLECTION = "/v1/conversations"
FIRST = "xgQQXg3hrtjh7AvZ"

CONVERSATION: Document = {
    "id": "a",
    "contact_id": "c",
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": True,
    "last_active_at": 5,
    "last_opened_at": None,
    "created_at": 5,
    "archived_at": LATEST_TIMESTAMP,
}
DOCUMENT: Document = {
    "version": 1,
    "seed": 7,
    "pinned_ids": ["p1", "p2"],
    "id_index": 1,
    "frozen_at": 1000.5,
    "clock_offset": 0.0,
    "faults": [
        {
            "name": "lost update",
            "match": {"operation": "updateConversation", "body": {"is_muted": True}},
            "times": 2,
            "fault": {"type": "status", "status": 503, "retry_after": 1},
            "phase": "after",
        }
    ],
    "conversations": [CONVERSATION],
    "deleted": [{"id": "z", "created_at": 9}, {"id": "y", "created_at": 3}],
}


def exported(api: FlaskClient) -> Document:
    answer = api.get(STATE)
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    state: Document = answer.get_json()
    return state


def ids(api: FlaskClient, **query: str) -> list[str]:
    answer = api.get(COLLECTION, query_string=query)
    assert answer.status_code == 200, answer.text
    return [conversation["id"] for conversation in answer.get_json()["data"]]


def test_an_export_contains_the_whole_sandbox(api: FlaskClient) -> None:
    state = exported(api)
    listed = api.get(COLLECTION).get_json()["data"]
    assert state == {
        "version": 1,
        "seed": 1,
        "pinned_ids": [],
        "id_index": 0,
        "frozen_at": None,
        "clock_offset": 0.0,
        "faults": [],
        "conversations": listed,
        "deleted": [],
    }
    assert [list(conversation) for conversation in state["conversations"]] == [list(listed[0])] * 2


def test_an_imported_document_is_exported_again(api: FlaskClient) -> None:
    answer = api.put(STATE, json=DOCUMENT)
    assert answer.status_code == 200
    assert answer.get_json() == {"conversations": 1}
    assert exported(api) == DOCUMENT


def test_an_export_imported_elsewhere_is_exported_there_byte_for_byte(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app().test_client()
    one, other = {"Authorization": "Bearer one"}, {"Authorization": "Bearer other"}
    client.post(COLLECTION, headers=one, data={"contact_id": "a", "group_id": "b"})
    client.delete(f"{COLLECTION}/{FIRST}", headers=one)
    client.put("/__admin/clock", headers=one, json={"action": "advance", "seconds": 50.25})
    client.post("/__admin/faults", headers=one, json={"skip": 100, "fault": {"type": "hang"}})
    state = client.get(STATE, headers=one).data
    answer = client.put(STATE, headers=other, data=state, content_type="application/json")
    assert answer.status_code == 200
    assert client.get(STATE, headers=other).data == state
    created = [
        client.post(COLLECTION, headers=each, data={"contact_id": "x"}).get_json() for each in (one, other)
    ]
    assert created[0] == created[1]


def test_an_import_replaces_conversations_clock_ids_and_rules(api: FlaskClient) -> None:
    api.put(STATE, json=DOCUMENT)
    assert ids(api) == ["a"]
    assert api.get("/__admin/clock").get_json() == {"now": 1000.5, "frozen": True}
    created = api.post(COLLECTION, data={"contact_id": "x"}).get_json()
    assert (created["id"], created["created_at"]) == ("p2", 1000)
    (rule,) = api.get("/__admin/faults").get_json()["data"]
    assert rule == DOCUMENT["faults"][0] | {"id": "rule-1", "matched": 0, "fired": 0}
    assert api.put(f"{COLLECTION}/a", data={"is_muted": "true"}).status_code == 503


def test_a_deleted_id_still_works_as_a_cursor_after_an_import(
    api: FlaskClient, assert_error_shape: Check
) -> None:
    api.put(STATE, json=DOCUMENT)
    assert ids(api, starting_after="z") == ["a"]
    assert ids(api, ending_before="y") == ["a"]
    assert ids(api, starting_after="y") == []
    assert_error_shape(api.get(COLLECTION, query_string={"starting_after": "x"}), 400, "starting_after")


def test_a_deleted_id_is_not_given_again_after_an_import(api: FlaskClient) -> None:
    api.put(STATE, json=DOCUMENT | {"deleted": [{"id": "p2", "created_at": 1}]})
    assert api.post(COLLECTION, data={"contact_id": "x"}).get_json()["id"] not in {"p1", "p2"}


def test_a_rule_of_an_imported_sandbox_ends_by_the_clock_of_that_sandbox(api: FlaskClient) -> None:
    rule = {"ttl_seconds": 60, "fault": {"type": "status", "status": 503}}
    for frozen_at in (5.0, 1_900_000_000.0):
        api.put(STATE, json=DOCUMENT | {"frozen_at": frozen_at, "faults": [rule]})
        assert api.get(COLLECTION).status_code == 503
        api.put("/__admin/clock", json={"action": "advance", "seconds": 59})
        assert api.get(COLLECTION).status_code == 503
        api.put("/__admin/clock", json={"action": "advance", "seconds": 1})
        assert api.get(COLLECTION).status_code == 200


def test_the_journal_and_the_snapshots_are_not_part_of_it_and_remain(api: FlaskClient) -> None:
    api.get(COLLECTION)
    api.post("/__admin/snapshots", json={})
    api.put(STATE, json=DOCUMENT)
    assert api.get("/__admin/requests/count").get_json() == {"count": 1}
    assert [each["id"] for each in api.get("/__admin/snapshots").get_json()["data"]] == ["snapshot-1"]


def test_an_import_changes_no_other_sandbox(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    other = {"Authorization": "Bearer other"}
    before = client.get(STATE, headers=other).data
    client.put(STATE, headers={"Authorization": "Bearer one"}, json=DOCUMENT)
    assert client.get(STATE, headers=other).data == before


def test_a_state_needs_a_token(open_app: Callable[..., Flask], assert_error_shape: Check) -> None:
    client = open_app().test_client()
    assert_error_shape(client.get(STATE), 400, "Authorization: Bearer")
    assert_error_shape(client.put(STATE, json=DOCUMENT), 400, "Authorization: Bearer")


def conversation(**changes: Any) -> Document:
    return {"conversations": [CONVERSATION, CONVERSATION | {"id": "b"} | changes]}


BROKEN: list[tuple[Document, list[str]]] = [
    ({"version": 2}, ["version must be 1, not 2."]),
    ({"version": "1"}, ["version must be"]),
    ({"seed": -1}, ["seed must be an integer from 0"]),
    ({"seed": 2**63}, ["seed must be"]),
    ({"seed": True}, ["seed must be"]),
    ({"seed": 1.5}, ["seed must be"]),
    ({"seed": None}, ["seed must be"]),
    ({"pinned_ids": "p1"}, ["pinned_ids must be a list"]),
    ({"pinned_ids": ["p1", "a b"]}, ["pinned_ids[1] must be an id", '"a b"']),
    ({"pinned_ids": [None]}, ["pinned_ids[0] must be an id"]),
    ({"pinned_ids": [[]]}, ["pinned_ids[0]"]),
    ({"id_index": -1}, ["id_index must be"]),
    ({"frozen_at": -1}, ["frozen_at must be a number from 0"]),
    ({"frozen_at": LATEST_TIMESTAMP + 1}, ["frozen_at must be"]),
    ({"frozen_at": "now"}, ["frozen_at must be"]),
    ({"frozen_at": True}, ["frozen_at must be"]),
    ({"clock_offset": None}, ["clock_offset must be"]),
    ({"clock_offset": 1e300}, ["clock_offset must be"]),
    ({"faults": {}}, ["faults must be a list"]),
    ({"faults": [5]}, ["faults[0] must be an object"]),
    ({"faults": [{"delay": 5}, {}]}, ["A rule needs a delay, a fault or both"]),
    ({"faults": [{"delay": 5, "skipp": 1}]}, ["faults[0].skipp", "did you mean skip?"]),
    ({"faults": [{"delay": 5, "times": 0}]}, ["faults[0].times must be"]),
    ({"faults": [{"delay": 5, "probability": 5}]}, ["faults[0].probability must be", "0.05"]),
    ({"conversations": {}}, ["conversations must be a list"]),
    ({"conversations": None}, ["conversations must be a list"]),
    ({"conversations": [CONVERSATION, 5]}, ["conversations[1] must be an object, not 5"]),
    ({"conversations": [CONVERSATION, None]}, ["conversations[1] must be an object"]),
    ({"conversations": [CONVERSATION, {}]}, ["conversations[1].id is missing"]),
    ({"conversations": [CONVERSATION, CONVERSATION]}, ["conversations[1].id", "conversations[0].id", '"a"']),
    (conversation(id="a/b"), ["conversations[1].id must be an id"]),
    (conversation(id=None), ["conversations[1].id must be"]),
    (conversation(contact_id=5), ["conversations[1].contact_id must be an id"]),
    (conversation(contact_id=None), ["conversations[1] needs a contact_id or a group_id"]),
    (conversation(is_muted="true"), ["conversations[1].is_muted must be true or false"]),
    (conversation(is_pinned=None), ["conversations[1].is_pinned must be"]),
    (conversation(created_at=None), ["conversations[1].created_at must be Unix seconds"]),
    (conversation(created_at=-1), ["conversations[1].created_at must be"]),
    (conversation(archived_at=LATEST_TIMESTAMP + 1), ["conversations[1].archived_at must be"]),
    (conversation(ismuted=True), ["conversations[1].ismuted", "did you mean is_muted?"]),
    (conversation(_schema=True), ["conversations[1]: _schema is not an attribute"]),
    ({"deleted": "z"}, ["deleted must be a list"]),
    ({"deleted": ["z"]}, ["deleted[0] must be an object"]),
    ({"deleted": [{"id": "z", "created_at": 1}, {"id": "y"}]}, ["deleted[1].created_at is missing"]),
    ({"deleted": [{"id": "", "created_at": 1}]}, ["deleted[0].id must be an id"]),
    ({"deleted": [{"id": "z", "created_at": 1, "at": 1}]}, ["deleted[0].at"]),
    ({"conversation": []}, ["conversation is not an attribute", "did you mean conversations?"]),
    ({"journal": []}, ["journal is not an attribute"]),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN, ids=lambda value: json.dumps(value)[:60])
def test_an_invalid_document_is_refused_as_a_whole_with_the_place(
    api: FlaskClient, assert_error_shape: Check, broken: Document, said: list[str]
) -> None:
    before = api.get(STATE).data
    assert_error_shape(api.put(STATE, json=DOCUMENT | broken), 400, *said)
    assert api.get(STATE).data == before


@pytest.mark.parametrize("missing", list(DOCUMENT))
def test_every_attribute_of_a_document_is_required(
    api: FlaskClient, assert_error_shape: Check, missing: str
) -> None:
    document = {name: value for name, value in DOCUMENT.items() if name != missing}
    before = api.get(STATE).data
    assert_error_shape(api.put(STATE, json=document), 400, f"{missing} is missing; it must be")
    assert api.get(STATE).data == before


@pytest.mark.parametrize("missing", list(CONVERSATION))
def test_every_attribute_of_a_conversation_is_required(
    api: FlaskClient, assert_error_shape: Check, missing: str
) -> None:
    broken = {name: value for name, value in CONVERSATION.items() if name != missing}
    answer = api.put(STATE, json=DOCUMENT | {"conversations": [broken]})
    assert_error_shape(answer, 400, f"conversations[0].{missing} is missing; it must be")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"version": NaN}', b'"a"', b"[" * 10_000, b"\xff"]
)
def test_a_body_that_is_not_a_document_is_refused(
    api: FlaskClient, assert_error_shape: Check, body: bytes
) -> None:
    before = api.get(STATE).data
    assert_error_shape(api.put(STATE, data=body, content_type="application/json"), 400)
    assert api.get(STATE).data == before


def test_a_name_that_is_given_twice_is_refused_with_its_place(
    api: FlaskClient, assert_error_shape: Check
) -> None:
    before = api.get(STATE).data
    body = json.dumps(DOCUMENT).replace('"is_muted": true, ', '"is_muted": true, "is_muted": false, ')
    answer = api.put(STATE, data=body, content_type="application/json")
    assert_error_shape(answer, 400, "conversations[0].is_muted is given twice; give it once.")
    assert api.get(STATE).data == before


def test_a_document_needs_the_content_type_of_json(api: FlaskClient, assert_error_shape: Check) -> None:
    answer = api.put(STATE, data=json.dumps(DOCUMENT), content_type="text/plain")
    assert_error_shape(answer, 415, "application/json")


def test_a_document_may_be_larger_than_other_bodies_and_has_a_limit_of_its_own(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    body = json.dumps(DOCUMENT)
    for most, status in ((len(body), 200), (len(body) - 1, 413)):
        api = open_api(max_state_bytes=most, max_body_bytes=10)
        answer = api.put(STATE, data=body, content_type="application/json")
        assert answer.status_code == status
    assert_error_shape(
        answer, 413, f"{len(body) - 1} bytes; start the server with a higher --max-state-bytes."
    )
    assert ids(api) == [FIRST, "hSIhXBhNe8X1d8Et"]


def test_a_document_has_no_more_conversations_than_a_sandbox_may_hold(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_conversations=2)
    two = [CONVERSATION, CONVERSATION | {"id": "b"}]
    assert api.put(STATE, json=DOCUMENT | {"conversations": two}).status_code == 200
    before = api.get(STATE).data
    for third in (CONVERSATION | {"id": "c"}, {}):  # the third is not even read
        answer = api.put(STATE, json=DOCUMENT | {"conversations": [*two, third]})
        assert_error_shape(answer, 507, "2 conversations", "--max-conversations")
    assert api.get(STATE).data == before
    assert api.post(COLLECTION, data={"contact_id": "x"}).status_code == 507


def test_a_document_has_no_more_rules_than_a_sandbox_may_have(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_rules=1)
    before = api.get(STATE).data
    answer = api.put(STATE, json=DOCUMENT | {"faults": [{"delay": 1}, {"delay": 2}]})
    assert_error_shape(answer, 507, "--max-rules")
    assert api.get(STATE).data == before


def test_rules_of_a_document_have_the_memory_limit_of_a_sandbox(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_rule_bytes=10_000)
    before = api.get(STATE).data
    answer = api.put(
        STATE,
        json=DOCUMENT | {"faults": [{"delay": 1, "name": "a", "match": {"path": "/v1/" + "b" * 186}}] * 9},
    )
    assert_error_shape(answer, 507, "more than 10000 bytes", "--max-rule-bytes")
    assert api.get(STATE).data == before
    assert api.put(STATE, json=DOCUMENT).status_code == 200


@pytest.mark.parametrize("offset", [-LATEST_TIMESTAMP, -1_900_000_000.0, LATEST_TIMESTAMP])
def test_no_document_sets_the_clock_out_of_the_range_of_timestamps(
    open_api: Callable[..., FlaskClient], offset: float
) -> None:
    api = open_api()
    api.put(STATE, json=DOCUMENT | {"frozen_at": None, "clock_offset": offset})
    api.post(COLLECTION, data={"contact_id": "x"})
    state = exported(api)
    assert all(0 <= each["created_at"] <= LATEST_TIMESTAMP for each in state["conversations"])
    assert api.put(STATE, json=state).status_code == 200


def test_a_state_whose_clock_is_at_the_last_timestamp_can_be_imported(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    api.put("/__admin/clock", json={"action": "freeze", "at": LATEST_TIMESTAMP})
    api.put("/__admin/clock", json={"action": "resume"})
    clock.now += 10
    created = api.post(COLLECTION, data={"contact_id": "x"}).get_json()
    assert created["created_at"] <= LATEST_TIMESTAMP
    assert api.put(STATE, json=exported(api)).status_code == 200


names = st.text("abcXYZ019_-", min_size=1, max_size=6)
times = st.none() | st.integers(0, LATEST_TIMESTAMP)
conversations = st.fixed_dictionaries(
    {
        "id": names,
        "contact_id": names,
        "group_id": st.none() | names,
        "pinned_message_id": st.none() | names,
        "is_pinned": st.booleans(),
        "is_muted": st.booleans(),
        "last_active_at": times,
        "last_opened_at": times,
        "created_at": st.integers(0, LATEST_TIMESTAMP),
        "archived_at": times,
    }
)


def listed(found: list[Document]) -> list[Document]:
    return sorted(found, key=lambda each: (-each["created_at"], each["id"]))


@settings(max_examples=60, deadline=None)
@given(
    found=st.lists(conversations, unique_by=lambda each: str(each["id"]), max_size=8),
    deleted=st.lists(st.tuples(names, st.integers(0, 9)), unique_by=lambda each: each[0], max_size=4),
    frozen_at=st.none() | st.floats(0, LATEST_TIMESTAMP),
    offset=st.floats(-1e9, 1e9),
    seed=st.integers(0, 2**63 - 1),
    index=st.integers(0, 2**31),
)
def test_any_state_is_exported_as_it_was_imported(
    shared_app: Flask,
    found: list[Document],
    deleted: list[tuple[str, int]],
    frozen_at: float | None,
    offset: float,
    seed: int,
    index: int,
) -> None:
    client = shared_app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer any-state"
    here = {each["id"] for each in found}
    document = DOCUMENT | {
        "seed": seed,
        "id_index": index,
        "frozen_at": frozen_at,
        "clock_offset": offset,
        "conversations": found,
        "deleted": [{"id": name, "created_at": at} for name, at in deleted if name not in here],
    }
    assert client.put(STATE, json=document).status_code == 200
    once = exported(client)
    assert once == document | {"conversations": listed(found)}
    assert client.put(STATE, json=once).status_code == 200
    assert exported(client) == once


def test_a_deleted_id_is_unique_among_all_ids(api: FlaskClient, assert_error_shape: Check) -> None:
    for deleted in (
        [{"id": "z", "created_at": 1}, {"id": "z", "created_at": 2}],
        [{"id": "a", "created_at": 5}],
    ):
        assert_error_shape(api.put(STATE, json=DOCUMENT | {"deleted": deleted}), 400, "deleted[")


def test_more_deletions_than_are_remembered_are_refused(api: FlaskClient, assert_error_shape: Check) -> None:
    deleted = [{"id": f"d{number}", "created_at": number} for number in range(100_001)]
    answer = api.put(STATE, data=json.dumps(DOCUMENT | {"deleted": deleted}), content_type="application/json")
    assert_error_shape(answer, 400, "deleted", "100000")


def test_a_sandbox_imports_its_own_export_even_beyond_its_limit(
    open_api: Callable[..., FlaskClient],
) -> None:
    api = open_api("default", max_conversations=50)
    assert api.put(STATE, json=exported(api)).status_code == 200


def test_others_run_while_a_state_is_exported() -> None:
    paused: list[int] = []
    app = create_app(Settings(scenario="default"), concurrency=Concurrency(pause=lambda: paused.append(1)))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
    for each in client.get("/v1/conversations?limit=70").get_json()["data"]:
        client.delete(f"/v1/conversations/{each['id']}")
    paused.clear()
    response = client.get(STATE)
    before = len(paused)
    document = json.loads(response.data)
    assert (len(document["deleted"]), len(document["conversations"])) == (70, 50)
    assert len(paused) - before == 3
