"""The five operations, as their callers see them."""

import json
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.api.conversations import ENDPOINTS
from sandbox.operations import OPERATIONS

Check = Callable[..., str]
Open = Callable[..., FlaskClient]

COLLECTION = "/v1/conversations"
FIRST, SECOND = "xgQQXg3hrtjh7AvZ", "hSIhXBhNe8X1d8Et"
KEYS = [
    "id",
    "contact_id",
    "group_id",
    "pinned_message_id",
    "is_pinned",
    "is_muted",
    "last_active_at",
    "last_opened_at",
    "created_at",
    "archived_at",
]
CREATED: dict[str, Any] = {
    "id": "xgQQXg3hrtjh7AvZ",
    "contact_id": "WAz8eIbvDR60rouK",
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": False,
    "last_active_at": None,
    "last_opened_at": None,
    "created_at": 692233200,
    "archived_at": None,
}
RETRIEVED = CREATED | {"last_active_at": 705103200, "last_opened_at": 705103200}


def create(api: FlaskClient, **attributes: str) -> dict[str, Any]:
    answer = api.post(COLLECTION, data=attributes or {"contact_id": "c"})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def page(api: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = api.get(COLLECTION, query_string=query)
    assert answer.status_code == 200, answer.text
    assert list(answer.get_json()) == ["has_more", "data"]
    found: dict[str, Any] = answer.get_json()
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [conversation["id"] for conversation in found["data"]]


@pytest.fixture
def filled(open_api: Open, clock: SimpleNamespace) -> FlaskClient:
    """Ten conversations, each a second newer than the one before."""
    api = open_api()
    for conversation_id in (FIRST, SECOND):
        api.delete(f"{COLLECTION}/{conversation_id}")
    for number in range(10):
        clock.now += 1
        create(api, contact_id=f"c{number}")
    return api


def test_every_operation_has_an_endpoint() -> None:
    assert [endpoint.operation for endpoint in ENDPOINTS] == list(OPERATIONS)


def test_the_documented_create_example_comes_back_key_for_key(open_api: Open) -> None:
    answer = open_api("blank").post(COLLECTION, data={"contact_id": "WAz8eIbvDR60rouK"})
    assert answer.status_code == 201
    assert list(answer.get_json().items()) == list(CREATED.items())
    assert answer.headers["Location"] == f"{COLLECTION}/{FIRST}"


def test_the_documented_retrieve_example_comes_back_key_for_key(api: FlaskClient) -> None:
    answer = api.get(f"{COLLECTION}/{FIRST}")
    assert answer.status_code == 200
    assert list(answer.get_json().items()) == list(RETRIEVED.items())


def test_the_documented_list_example_comes_back_key_for_key(api: FlaskClient) -> None:
    found = page(api, limit=10)
    assert found["has_more"] is False
    assert list(found["data"][0].items()) == list(RETRIEVED.items())
    assert ids(found) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "attributes",
    [{"contact_id": "c1"}, {"group_id": "g1"}, {"contact_id": "c1", "group_id": "g1"}],
)
def test_a_created_conversation_has_what_was_given_and_is_otherwise_new(
    api: FlaskClient, attributes: dict[str, str]
) -> None:
    answer = api.post(COLLECTION, data=attributes)
    made = answer.get_json()
    expected = CREATED | {"contact_id": None, "group_id": None} | attributes
    assert made == expected | {"id": made["id"], "created_at": 1_800_000_000}
    assert len(made["id"]) == 16
    assert made["id"].isascii()
    assert made["id"].isalnum()


def test_location_leads_to_what_was_created(api: FlaskClient) -> None:
    answer = api.post(COLLECTION, data={"group_id": "g"})
    assert answer.headers["Location"] == f"{COLLECTION}/{answer.get_json()['id']}"
    assert api.get(answer.headers["Location"]).get_json() == answer.get_json()


def test_the_same_contact_may_have_several_conversations(api: FlaskClient) -> None:
    one, other = create(api, contact_id="c"), create(api, contact_id="c")
    assert one["id"] != other["id"]
    assert {one["id"], other["id"]} <= set(ids(page(api)))


def test_created_at_is_the_time_of_the_call_in_whole_seconds(open_api: Open, clock: SimpleNamespace) -> None:
    api = open_api()
    clock.now = 1_900_000_000.999
    assert create(api)["created_at"] == 1_900_000_000


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"contact_id": "c"}),
        ("GET", f"/{FIRST}", None),
        ("PUT", f"/{FIRST}", {"archived_at": 1, "is_pinned": True}),
    ],
)
def test_every_conversation_shows_all_keys_in_the_documented_order(
    api: FlaskClient, method: str, path: str, body: Any
) -> None:
    answer = api.open(COLLECTION + path, method=method, json=body)
    assert answer.content_type == "application/json"
    assert [name for name, _ in json.loads(answer.data, object_pairs_hook=list)] == KEYS


def test_the_list_shows_all_keys_in_the_documented_order(api: FlaskClient) -> None:
    create(api)
    (more, has_more), (data, conversations) = json.loads(api.get(COLLECTION).data, object_pairs_hook=list)
    assert (more, has_more, data) == ("has_more", False, "data")
    assert [[name for name, _ in conversation] for conversation in conversations] == [KEYS] * 3


@pytest.mark.parametrize(
    "conversation_id", ["nope", "xgQQXg3hrtjh7AvY", "XGQQXG3HRTJH7AVZ", "a b", "ä", "%FF", "a" * 3000]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_id_is_not_found_and_named(
    api: FlaskClient, assert_error_shape: Check, method: str, conversation_id: str
) -> None:
    answer = api.open(f"{COLLECTION}/{conversation_id}", method=method)
    said = conversation_id[:70] if conversation_id != "%FF" else ""
    assert len(assert_error_shape(answer, 404, said, "no conversation")) < 250


@pytest.mark.parametrize(
    "changes",
    [
        {"pinned_message_id": "m1"},
        {"is_pinned": True},
        {"is_muted": True},
        {"archived_at": 705103201},
        {"pinned_message_id": "m1", "is_pinned": True, "is_muted": True, "archived_at": 0},
    ],
)
def test_an_update_changes_what_is_given_and_nothing_else(api: FlaskClient, changes: dict[str, Any]) -> None:
    answer = api.put(f"{COLLECTION}/{FIRST}", json=changes)
    assert answer.status_code == 200
    assert answer.get_json() == RETRIEVED | changes
    assert api.get(f"{COLLECTION}/{FIRST}").get_json() == RETRIEVED | changes
    assert page(api)["data"][0] == RETRIEVED | changes


def test_updates_add_up(api: FlaskClient) -> None:
    api.put(f"{COLLECTION}/{FIRST}", data={"is_muted": "true"})
    answer = api.put(f"{COLLECTION}/{FIRST}", data={"is_pinned": "true"})
    assert answer.get_json() == RETRIEVED | {"is_muted": True, "is_pinned": True}


def test_an_empty_update_changes_nothing(api: FlaskClient) -> None:
    answer = api.put(f"{COLLECTION}/{FIRST}", json={})
    assert answer.status_code == 200
    assert answer.get_json() == RETRIEVED


def test_a_refused_update_changes_nothing(api: FlaskClient) -> None:
    assert api.put(f"{COLLECTION}/{FIRST}", json={"is_muted": True, "archived_at": -1}).status_code == 400
    assert api.get(f"{COLLECTION}/{FIRST}").get_json() == RETRIEVED


def test_an_update_keeps_the_place_in_the_list(filled: FlaskClient) -> None:
    before = ids(page(filled))
    filled.put(f"{COLLECTION}/{before[4]}", json={"is_pinned": True, "archived_at": 1, "is_muted": True})
    assert ids(page(filled)) == before


def test_a_deletion_is_answered_without_body_and_for_good(
    api: FlaskClient, assert_error_shape: Check
) -> None:
    answer = api.delete(f"{COLLECTION}/{FIRST}")
    assert answer.status_code == 204
    assert answer.data == b""
    assert "Content-Type" not in answer.headers
    for method in ("GET", "PUT", "DELETE"):
        assert_error_shape(api.open(f"{COLLECTION}/{FIRST}", method=method), 404, FIRST)
    assert ids(page(api)) == [SECOND]


def test_a_deleted_id_is_not_given_out_again(open_api: Open) -> None:
    api = open_api("blank")
    assert create(api)["id"] == FIRST
    api.delete(f"{COLLECTION}/{FIRST}")
    assert create(api)["id"] != FIRST


def test_the_list_is_newest_first(open_api: Open, clock: SimpleNamespace) -> None:
    api = open_api()
    made = []
    for now in (1_800_000_005, 1_800_000_001, 1_800_000_009):
        clock.now = float(now)
        made.append(create(api)["id"])
    assert ids(page(api)) == [made[2], made[0], made[1], FIRST, SECOND]


def test_conversations_of_the_same_second_are_in_the_order_of_their_ids(open_api: Open) -> None:
    api = open_api("blank")
    made = [create(api)["id"] for _ in range(20)]
    assert ids(page(api)) == sorted(made)
    assert made != sorted(made)


def test_an_empty_list_is_a_list(open_api: Open) -> None:
    assert open_api("blank").get(COLLECTION).get_json() == {"has_more": False, "data": []}


def test_a_page_has_50_conversations_unless_told_otherwise(open_api: Open) -> None:
    api = open_api("blank")
    for _ in range(50):
        create(api)
    assert (len(page(api)["data"]), page(api)["has_more"]) == (50, False)
    create(api)
    assert (len(page(api)["data"]), page(api)["has_more"]) == (50, True)
    for _ in range(49):
        create(api)
    assert (len(page(api, limit=100)["data"]), page(api, limit=100)["has_more"]) == (100, False)


@pytest.mark.parametrize(
    ("limit", "has_more"), [(1, True), (9, True), (10, False), (11, False), (100, False)]
)
def test_has_more_says_whether_more_lie_ahead(filled: FlaskClient, limit: int, has_more: bool) -> None:
    found = page(filled, limit=limit)
    assert found["has_more"] is has_more
    assert ids(found) == ids(page(filled))[:limit]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9, 10, 11])
def test_starting_after_walks_through_everything_once(filled: FlaskClient, limit: int) -> None:
    everything = ids(page(filled))
    found = page(filled, limit=limit)
    walked = ids(found)
    while found["has_more"]:
        found = page(filled, limit=limit, starting_after=walked[-1])
        assert found["data"]
        walked += ids(found)
    assert walked == everything


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9, 10, 11])
def test_ending_before_walks_back_through_everything_once(filled: FlaskClient, limit: int) -> None:
    everything = ids(page(filled))
    walked = everything[-1:]
    has_more = True
    while has_more:
        found = page(filled, limit=limit, ending_before=walked[0])
        has_more = found["has_more"]
        assert found["data"]
        walked = ids(found) + walked
    assert walked == everything


def test_ending_before_is_the_page_right_before_in_list_order(filled: FlaskClient) -> None:
    everything = ids(page(filled))
    found = page(filled, limit=3, ending_before=everything[8])
    assert ids(found) == everything[5:8]
    assert found["has_more"] is True
    first = page(filled, limit=3, ending_before=everything[3])
    assert ids(first) == everything[:3]
    assert first["has_more"] is False


def test_beyond_either_end_there_is_nothing(filled: FlaskClient) -> None:
    everything = ids(page(filled))
    nothing = {"has_more": False, "data": []}
    assert page(filled, starting_after=everything[-1]) == nothing
    assert page(filled, ending_before=everything[0]) == nothing


@pytest.mark.parametrize("name", ["starting_after", "ending_before"])
def test_an_id_that_the_sandbox_never_had_is_no_cursor(
    filled: FlaskClient, assert_error_shape: Check, name: str
) -> None:
    answer = filled.get(COLLECTION, query_string={name: "never"})
    assert_error_shape(answer, 400, name, "never")


def test_an_id_of_another_sandbox_is_no_cursor(api: FlaskClient, assert_error_shape: Check) -> None:
    other = {"Authorization": "Bearer another-sandbox-with-one-more"}
    made = api.post(COLLECTION, data={"contact_id": "c"}, headers=other).get_json()["id"]
    assert api.get(COLLECTION, query_string={"starting_after": made}, headers=other).status_code == 200
    assert_error_shape(api.get(COLLECTION, query_string={"starting_after": made}), 400, made)


@pytest.mark.parametrize("cursors", [(FIRST, SECOND), (FIRST, FIRST), ("never", "never2")])
def test_both_cursors_at_once_are_refused(
    api: FlaskClient, assert_error_shape: Check, cursors: tuple[str, str]
) -> None:
    query = {"starting_after": cursors[0], "ending_before": cursors[1]}
    assert_error_shape(
        api.get(COLLECTION, query_string=query), 400, "starting_after", "ending_before", "not both"
    )


def test_paging_while_deleting_neither_skips_nor_repeats(filled: FlaskClient) -> None:
    everything = ids(page(filled))
    found = page(filled, limit=3)
    seen = ids(found)
    for conversation_id in seen:
        filled.delete(f"{COLLECTION}/{conversation_id}")
    while found["has_more"]:
        found = page(filled, limit=3, starting_after=seen[-1])
        seen += ids(found)
        for conversation_id in ids(found):
            filled.delete(f"{COLLECTION}/{conversation_id}")
    assert seen == everything
    assert page(filled) == {"has_more": False, "data": []}


def test_a_deleted_id_works_in_both_directions(filled: FlaskClient) -> None:
    everything = ids(page(filled))
    filled.delete(f"{COLLECTION}/{everything[5]}")
    assert ids(page(filled, starting_after=everything[5])) == everything[6:]
    assert ids(page(filled, ending_before=everything[5])) == everything[:5]


def test_a_cursor_need_not_pass_the_filter_itself(filled: FlaskClient) -> None:
    everything = ids(page(filled))
    for conversation_id in everything[2:4]:
        filled.put(f"{COLLECTION}/{conversation_id}", json={"is_muted": True})
    assert ids(page(filled, muted="true", starting_after=everything[1])) == everything[2:4]
    assert ids(page(filled, muted="true", ending_before=everything[3])) == everything[2:3]


@pytest.fixture
def every_kind(open_api: Open) -> FlaskClient:
    """A conversation of every combination of muted, archived, pinned and group."""
    api = open_api("blank")
    for muted, archived, pinned, group in product(
        [True, False], [0, 705103200, None], [True, False], ["", "g1", "g2"]
    ):
        made = create(api, contact_id="c", group_id=group)
        changes = {"is_muted": muted, "archived_at": archived, "is_pinned": pinned}
        assert api.put(f"{COLLECTION}/{made['id']}", json=changes).status_code == 200
    return api


@pytest.mark.parametrize("group_id", [None, "g1", "g2", "g3", "c"])
def test_filters_combine(every_kind: FlaskClient, group_id: str | None) -> None:
    everything = page(every_kind, limit=100)["data"]
    assert len(everything) == 36
    for muted, archived, pinned in product([None, "true", "1", "false", "0"], repeat=3):
        query = {"muted": muted, "archived": archived, "pinned": pinned, "group_id": group_id}
        given = {name: value for name, value in query.items() if value is not None}
        expected = [
            conversation
            for conversation in everything
            if (muted not in ("true", "1") or conversation["is_muted"])
            and (archived not in ("true", "1") or conversation["archived_at"] is not None)
            and (pinned not in ("true", "1") or conversation["is_pinned"])
            and (group_id is None or conversation["group_id"] == group_id)
        ]
        assert page(every_kind, limit=100, **given) == {"has_more": False, "data": expected}


def test_has_more_and_cursors_count_within_the_filter(every_kind: FlaskClient) -> None:
    shown = ids(page(every_kind, limit=100, muted="true", group_id="g1"))
    assert len(shown) == 6
    first = page(every_kind, limit=4, muted="true", group_id="g1")
    assert (ids(first), first["has_more"]) == (shown[:4], True)
    rest = page(every_kind, limit=4, muted="true", group_id="g1", starting_after=shown[3])
    assert (ids(rest), rest["has_more"]) == (shown[4:], False)


def test_a_change_moves_a_conversation_between_filters_at_once(api: FlaskClient) -> None:
    url = f"{COLLECTION}/{FIRST}"
    for name, on, off, query in (
        ("is_muted", True, False, "muted"),
        ("is_pinned", True, False, "pinned"),
        ("archived_at", 1, None, "archived"),
    ):
        assert api.put(url, json={name: on}).status_code == 200
        assert FIRST in ids(page(api, **{query: "true"}))
        assert api.put(url, json={name: off}).status_code == 200
        assert FIRST not in ids(page(api, **{query: "true"}))


def test_a_conversation_archived_at_zero_is_archived(api: FlaskClient) -> None:
    api.put(f"{COLLECTION}/{FIRST}", json={"archived_at": 0})
    assert FIRST in ids(page(api, archived="true"))


@pytest.mark.parametrize("path", ["", "?limit=1", f"/{FIRST}", "/nope", "?limit=0"])
def test_head_answers_like_get_without_a_body(open_api: Open, path: str) -> None:
    get, head = (open_api().open(COLLECTION + path, method=method) for method in ("GET", "HEAD"))
    assert head.data == b""
    assert head.status_code == get.status_code
    differing = {"X-Request-Id"}
    assert {name: value for name, value in head.headers if name not in differing} == {
        name: value for name, value in get.headers if name not in differing
    }
    assert int(head.headers["Content-Length"]) == len(get.data)


def test_a_full_sandbox_takes_no_more_until_one_is_deleted(open_api: Open, assert_error_shape: Check) -> None:
    api = open_api("documented", max_conversations=3)
    create(api)
    assert_error_shape(
        api.post(COLLECTION, data={"contact_id": "c"}), 507, "3 conversations", "--max-conversations"
    )
    assert len(page(api)["data"]) == 3
    assert api.put(f"{COLLECTION}/{FIRST}", json={"is_muted": True}).status_code == 200
    assert api.delete(f"{COLLECTION}/{FIRST}").status_code == 204
    create(api)
