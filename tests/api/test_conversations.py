"""The five operations as a client sees them."""

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
    response = api.post(COLLECTION, data=attributes or {"contact_id": "c"})
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.get_json()
    return created


def page(api: FlaskClient, **query: Any) -> dict[str, Any]:
    response = api.get(COLLECTION, query_string=query)
    assert response.status_code == 200, response.text
    assert list(response.get_json()) == ["has_more", "data"]
    listed: dict[str, Any] = response.get_json()
    return listed


def ids(listed: dict[str, Any]) -> list[str]:
    return [conversation["id"] for conversation in listed["data"]]


@pytest.fixture
def populated(open_api: Open, clock: SimpleNamespace) -> FlaskClient:
    """Return a client with ten conversations, each a second newer than the one before."""
    api = open_api()
    for conversation_id in (FIRST, SECOND):
        api.delete(f"{COLLECTION}/{conversation_id}")
    for number in range(10):
        clock.now += 1
        create(api, contact_id=f"c{number}")
    return api


def test_every_operation_has_an_endpoint() -> None:
    assert [endpoint.operation for endpoint in ENDPOINTS] == list(OPERATIONS)


def test_create_returns_the_documented_example(open_api: Open) -> None:
    response = open_api("blank").post(COLLECTION, data={"contact_id": "WAz8eIbvDR60rouK"})
    assert response.status_code == 201
    assert list(response.get_json().items()) == list(CREATED.items())
    assert response.headers["Location"] == f"{COLLECTION}/{FIRST}"


def test_retrieve_returns_the_documented_example(api: FlaskClient) -> None:
    response = api.get(f"{COLLECTION}/{FIRST}")
    assert response.status_code == 200
    assert list(response.get_json().items()) == list(RETRIEVED.items())


def test_list_returns_the_documented_example(api: FlaskClient) -> None:
    listed = page(api, limit=10)
    assert listed["has_more"] is False
    assert list(listed["data"][0].items()) == list(RETRIEVED.items())
    assert ids(listed) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "attributes",
    [{"contact_id": "c1"}, {"group_id": "g1"}, {"contact_id": "c1", "group_id": "g1"}],
)
def test_created_conversation_has_the_given_attributes_and_defaults(
    api: FlaskClient, attributes: dict[str, str]
) -> None:
    response = api.post(COLLECTION, data=attributes)
    created = response.get_json()
    expected = CREATED | {"contact_id": None, "group_id": None} | attributes
    assert created == expected | {"id": created["id"], "created_at": 1_800_000_000}
    assert len(created["id"]) == 16
    assert created["id"].isascii()
    assert created["id"].isalnum()


def test_location_is_the_url_of_the_created_conversation(api: FlaskClient) -> None:
    response = api.post(COLLECTION, data={"group_id": "g"})
    assert response.headers["Location"] == f"{COLLECTION}/{response.get_json()['id']}"
    assert api.get(response.headers["Location"]).get_json() == response.get_json()


def test_contact_may_have_several_conversations(api: FlaskClient) -> None:
    one, other = create(api, contact_id="c"), create(api, contact_id="c")
    assert one["id"] != other["id"]
    assert {one["id"], other["id"]} <= set(ids(page(api)))


def test_created_at_is_the_current_time_in_whole_seconds(open_api: Open, clock: SimpleNamespace) -> None:
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
def test_conversation_has_all_keys_in_the_documented_order(
    api: FlaskClient, method: str, path: str, body: Any
) -> None:
    response = api.open(COLLECTION + path, method=method, json=body)
    assert response.content_type == "application/json"
    assert [name for name, _ in json.loads(response.data, object_pairs_hook=list)] == KEYS


def test_list_has_all_keys_in_the_documented_order(api: FlaskClient) -> None:
    create(api)
    (more, has_more), (data, conversations) = json.loads(api.get(COLLECTION).data, object_pairs_hook=list)
    assert (more, has_more, data) == ("has_more", False, "data")
    assert [[name for name, _ in conversation] for conversation in conversations] == [KEYS] * 3


@pytest.mark.parametrize(
    "conversation_id", ["nope", "xgQQXg3hrtjh7AvY", "XGQQXG3HRTJH7AVZ", "a b", "ä", "%FF", "a" * 3000]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_id_is_not_found(
    api: FlaskClient, assert_error_shape: Check, method: str, conversation_id: str
) -> None:
    response = api.open(f"{COLLECTION}/{conversation_id}", method=method)
    expected = conversation_id[:70] if conversation_id != "%FF" else ""
    assert len(assert_error_shape(response, 404, expected, "no conversation")) < 250


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
def test_update_changes_only_the_given_attributes(api: FlaskClient, changes: dict[str, Any]) -> None:
    response = api.put(f"{COLLECTION}/{FIRST}", json=changes)
    assert response.status_code == 200
    assert response.get_json() == RETRIEVED | changes
    assert api.get(f"{COLLECTION}/{FIRST}").get_json() == RETRIEVED | changes
    assert page(api)["data"][0] == RETRIEVED | changes


def test_updates_accumulate(api: FlaskClient) -> None:
    api.put(f"{COLLECTION}/{FIRST}", data={"is_muted": "true"})
    response = api.put(f"{COLLECTION}/{FIRST}", data={"is_pinned": "true"})
    assert response.get_json() == RETRIEVED | {"is_muted": True, "is_pinned": True}


def test_empty_update_changes_nothing(api: FlaskClient) -> None:
    response = api.put(f"{COLLECTION}/{FIRST}", json={})
    assert response.status_code == 200
    assert response.get_json() == RETRIEVED


def test_refused_update_changes_nothing(api: FlaskClient) -> None:
    assert api.put(f"{COLLECTION}/{FIRST}", json={"is_muted": True, "archived_at": -1}).status_code == 400
    assert api.get(f"{COLLECTION}/{FIRST}").get_json() == RETRIEVED


def test_update_keeps_the_position_in_the_list(populated: FlaskClient) -> None:
    before = ids(page(populated))
    populated.put(f"{COLLECTION}/{before[4]}", json={"is_pinned": True, "archived_at": 1, "is_muted": True})
    assert ids(page(populated)) == before


def test_delete_is_permanent_and_has_no_body(api: FlaskClient, assert_error_shape: Check) -> None:
    response = api.delete(f"{COLLECTION}/{FIRST}")
    assert response.status_code == 204
    assert response.data == b""
    assert "Content-Type" not in response.headers
    for method in ("GET", "PUT", "DELETE"):
        assert_error_shape(api.open(f"{COLLECTION}/{FIRST}", method=method), 404, FIRST)
    assert ids(page(api)) == [SECOND]


def test_id_of_a_deleted_conversation_is_not_reused(open_api: Open) -> None:
    api = open_api("blank")
    assert create(api)["id"] == FIRST
    api.delete(f"{COLLECTION}/{FIRST}")
    assert create(api)["id"] != FIRST


def test_list_is_newest_first(open_api: Open, clock: SimpleNamespace) -> None:
    api = open_api()
    ids_created = []
    for now in (1_800_000_005, 1_800_000_001, 1_800_000_009):
        clock.now = float(now)
        ids_created.append(create(api)["id"])
    assert ids(page(api)) == [ids_created[2], ids_created[0], ids_created[1], FIRST, SECOND]


def test_conversations_of_the_same_second_are_ordered_by_id(open_api: Open) -> None:
    api = open_api("blank")
    ids_created = [create(api)["id"] for _ in range(20)]
    assert ids(page(api)) == sorted(ids_created)
    assert ids_created != sorted(ids_created)


def test_list_of_an_empty_sandbox(open_api: Open) -> None:
    assert open_api("blank").get(COLLECTION).get_json() == {"has_more": False, "data": []}


def test_default_limit_is_50(open_api: Open) -> None:
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
def test_has_more_is_true_if_conversations_follow(populated: FlaskClient, limit: int, has_more: bool) -> None:
    listed = page(populated, limit=limit)
    assert listed["has_more"] is has_more
    assert ids(listed) == ids(page(populated))[:limit]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9, 10, 11])
def test_starting_after_visits_every_conversation_once(populated: FlaskClient, limit: int) -> None:
    everything = ids(page(populated))
    listed = page(populated, limit=limit)
    walked = ids(listed)
    while listed["has_more"]:
        listed = page(populated, limit=limit, starting_after=walked[-1])
        assert listed["data"]
        walked += ids(listed)
    assert walked == everything


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 9, 10, 11])
def test_ending_before_visits_every_conversation_once(populated: FlaskClient, limit: int) -> None:
    everything = ids(page(populated))
    walked = everything[-1:]
    has_more = True
    while has_more:
        listed = page(populated, limit=limit, ending_before=walked[0])
        has_more = listed["has_more"]
        assert listed["data"]
        walked = ids(listed) + walked
    assert walked == everything


def test_ending_before_returns_the_preceding_page_in_list_order(populated: FlaskClient) -> None:
    everything = ids(page(populated))
    listed = page(populated, limit=3, ending_before=everything[8])
    assert ids(listed) == everything[5:8]
    assert listed["has_more"] is True
    first = page(populated, limit=3, ending_before=everything[3])
    assert ids(first) == everything[:3]
    assert first["has_more"] is False


def test_page_beyond_either_end_is_empty(populated: FlaskClient) -> None:
    everything = ids(page(populated))
    empty = {"has_more": False, "data": []}
    assert page(populated, starting_after=everything[-1]) == empty
    assert page(populated, ending_before=everything[0]) == empty


@pytest.mark.parametrize("name", ["starting_after", "ending_before"])
def test_unknown_cursor_is_refused(populated: FlaskClient, assert_error_shape: Check, name: str) -> None:
    response = populated.get(COLLECTION, query_string={name: "never"})
    message = f'{name} must be the id of a conversation that this sandbox has or had, not "never".'
    assert assert_error_shape(response, 400) == message


def test_cursor_of_another_sandbox_is_refused(api: FlaskClient, assert_error_shape: Check) -> None:
    other = {"Authorization": "Bearer another-sandbox-with-one-more"}
    created = api.post(COLLECTION, data={"contact_id": "c"}, headers=other).get_json()["id"]
    assert api.get(COLLECTION, query_string={"starting_after": created}, headers=other).status_code == 200
    assert_error_shape(api.get(COLLECTION, query_string={"starting_after": created}), 400, created)


@pytest.mark.parametrize("cursors", [(FIRST, SECOND), (FIRST, FIRST), ("never", "never2")])
def test_two_cursors_are_refused(
    api: FlaskClient, assert_error_shape: Check, cursors: tuple[str, str]
) -> None:
    query = {"starting_after": cursors[0], "ending_before": cursors[1]}
    assert_error_shape(
        api.get(COLLECTION, query_string=query), 400, "starting_after", "ending_before", "not both"
    )


def test_paging_while_deleting_neither_skips_nor_repeats(populated: FlaskClient) -> None:
    everything = ids(page(populated))
    listed = page(populated, limit=3)
    seen = ids(listed)
    for conversation_id in seen:
        populated.delete(f"{COLLECTION}/{conversation_id}")
    while listed["has_more"]:
        listed = page(populated, limit=3, starting_after=seen[-1])
        seen += ids(listed)
        for conversation_id in ids(listed):
            populated.delete(f"{COLLECTION}/{conversation_id}")
    assert seen == everything
    assert page(populated) == {"has_more": False, "data": []}


def test_deleted_id_is_a_cursor_in_both_directions(populated: FlaskClient) -> None:
    everything = ids(page(populated))
    populated.delete(f"{COLLECTION}/{everything[5]}")
    assert ids(page(populated, starting_after=everything[5])) == everything[6:]
    assert ids(page(populated, ending_before=everything[5])) == everything[:5]


def test_cursor_need_not_match_the_filter(populated: FlaskClient) -> None:
    everything = ids(page(populated))
    for conversation_id in everything[2:4]:
        populated.put(f"{COLLECTION}/{conversation_id}", json={"is_muted": True})
    assert ids(page(populated, muted="true", starting_after=everything[1])) == everything[2:4]
    assert ids(page(populated, muted="true", ending_before=everything[3])) == everything[2:3]


@pytest.fixture
def mixed(open_api: Open) -> FlaskClient:
    """Return a client with a conversation of every combination of muted, archived, pinned and group."""
    api = open_api("blank")
    for muted, archived, pinned, group in product(
        [True, False], [0, 705103200, None], [True, False], ["", "g1", "g2"]
    ):
        created = create(api, contact_id="c", group_id=group)
        changes = {"is_muted": muted, "archived_at": archived, "is_pinned": pinned}
        assert api.put(f"{COLLECTION}/{created['id']}", json=changes).status_code == 200
    return api


@pytest.mark.parametrize("group_id", [None, "g1", "g2", "g3", "c"])
def test_filters_combine(mixed: FlaskClient, group_id: str | None) -> None:
    everything = page(mixed, limit=100)["data"]
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
        assert page(mixed, limit=100, **given) == {"has_more": False, "data": expected}


def test_has_more_and_cursors_respect_the_filter(mixed: FlaskClient) -> None:
    shown = ids(page(mixed, limit=100, muted="true", group_id="g1"))
    assert len(shown) == 6
    first = page(mixed, limit=4, muted="true", group_id="g1")
    assert (ids(first), first["has_more"]) == (shown[:4], True)
    rest = page(mixed, limit=4, muted="true", group_id="g1", starting_after=shown[3])
    assert (ids(rest), rest["has_more"]) == (shown[4:], False)


def test_filters_reflect_updates(api: FlaskClient) -> None:
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


def test_conversation_archived_at_zero_is_archived(api: FlaskClient) -> None:
    api.put(f"{COLLECTION}/{FIRST}", json={"archived_at": 0})
    assert FIRST in ids(page(api, archived="true"))


@pytest.mark.parametrize("path", ["", "?limit=1", f"/{FIRST}", "/nope", "?limit=0"])
def test_head_responds_like_get_without_a_body(open_api: Open, path: str) -> None:
    get, head = (open_api().open(COLLECTION + path, method=method) for method in ("GET", "HEAD"))
    assert head.data == b""
    assert head.status_code == get.status_code
    differing = {"X-Request-Id"}
    assert {name: value for name, value in head.headers if name not in differing} == {
        name: value for name, value in get.headers if name not in differing
    }
    assert int(head.headers["Content-Length"]) == len(get.data)


def test_full_sandbox_refuses_creates_until_one_is_deleted(open_api: Open, assert_error_shape: Check) -> None:
    api = open_api("documented", max_conversations=3)
    create(api)
    assert_error_shape(
        api.post(COLLECTION, data={"contact_id": "c"}), 507, "3 conversations", "--max-conversations"
    )
    assert len(page(api)["data"]) == 3
    assert_error_shape(api.post(COLLECTION), 400, "A conversation needs a contact_id or a group_id")
    assert api.put(f"{COLLECTION}/{FIRST}", json={"is_muted": True}).status_code == 200
    assert api.delete(f"{COLLECTION}/{FIRST}").status_code == 204
    create(api)
