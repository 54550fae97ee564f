"""Creates with an idempotency key as a client sees them."""

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Check = Callable[..., str]

COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"
CLOCK = "/__admin/clock"
CONTACT = "WAz8eIbvDR60rouK"
DAY = 86_400


def create(api: FlaskClient, key: str | None = "key", url: str = COLLECTION, **sent: Any) -> TestResponse:
    """Create a conversation. ``key`` is text, which is sent in UTF-8."""
    headers = {} if key is None else {"Idempotency-Key": key.encode().decode("latin-1")}
    sent = sent or {"json": {"contact_id": CONTACT}}
    return api.post(url, headers=headers | sent.pop("headers", {}), **sent)


def is_replay(response: TestResponse) -> bool:
    assert response.status_code == 201, response.text
    replayed = response.headers.get("Idempotent-Replayed")
    assert replayed in (None, "true")
    return replayed is not None


def count(api: FlaskClient) -> int:
    return len(api.get(COLLECTION).get_json()["data"])


def move(api: FlaskClient, action: str, **attributes: float) -> None:
    assert api.put(CLOCK, json={"action": action, **attributes}).status_code == 200


def test_repeated_create_gets_the_first_answer_and_creates_nothing(api: FlaskClient) -> None:
    before = count(api)
    first, second, third = (create(api) for _ in range(3))
    assert [is_replay(each) for each in (first, second, third)] == [False, True, True]
    assert first.data == second.data == third.data
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert count(api) == before + 1


def test_creates_without_a_key_are_never_replayed(api: FlaskClient) -> None:
    before = count(api)
    assert [is_replay(create(api, key)) for key in (None, "key", None, "key")] == [False, False, False, True]
    assert count(api) == before + 3


def test_replay_is_the_answer_of_then(api: FlaskClient) -> None:
    first = create(api)
    url = first.headers["Location"]
    api.put(url, json={"is_muted": True})
    assert create(api).data == first.data
    api.delete(url)
    replayed = create(api)
    assert is_replay(replayed)
    assert (replayed.data, replayed.headers["Location"]) == (first.data, url)
    assert api.get(url).status_code == 404


SAME: dict[str, dict[str, Any]] = {
    "json": {"json": {"contact_id": "a"}},
    "json with null": {"json": {"group_id": None, "contact_id": "a"}},
    "json with spaces": {"data": b' { "contact_id" :\n"\\u0061"} ', "content_type": "application/json; charset=utf-8"},
    "form": {"data": {"contact_id": "a"}},
    "form with empty text": {"data": {"contact_id": "a", "group_id": ""}},
    "form, percent-encoded": {
        "data": b"contact%5Fid=%61",
        "content_type": "application/x-www-form-urlencoded",
    },
    "multipart": {"data": {"contact_id": "a"}, "content_type": "multipart/form-data"},
}  # fmt: skip


@pytest.mark.parametrize("first", SAME)
def test_body_is_the_same_if_its_attributes_have_the_same_values(api: FlaskClient, first: str) -> None:
    made = create(api, **SAME[first])
    assert not is_replay(made)
    for sent in SAME.values():
        repeated = create(api, **sent)
        assert is_replay(repeated)
        assert repeated.data == made.data


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"contact_id": "b"}, ['contact_id "a"', "group_id null"]),
        ({"contact_id": "A"}, ['contact_id "a"']),
        ({"group_id": "a"}, ['contact_id "a"']),
        ({"contact_id": "a", "group_id": "a"}, ["group_id null"]),
    ],
)
def test_key_of_another_body_is_refused(
    api: FlaskClient, assert_error_shape: Check, body: dict[str, str], said: list[str]
) -> None:
    create(api, json={"contact_id": "a"})
    before = count(api)
    assert_error_shape(create(api, json=body), 422, 'Idempotency-Key "key"', "a new key", *said)
    assert count(api) == before
    # What was stored stays.
    assert is_replay(create(api, json={"contact_id": "a"}))


def test_ignored_attributes_of_a_lenient_server_do_not_count(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api(lenient=True)
    create(api, json={"contact_id": "a", "color": "red"})
    assert is_replay(create(api, json={"contact_id": "a", "color": "blue"}))
    assert is_replay(create(api, data={"contact_id": "a"}))


KEYS = [
    "a",
    "b",
    "A",
    "a" * 254,
    "a" * 255,
    "é" * 255,
    "😀" * 255,
    '"a"',
    "'a'",
    "a,b",
    "a, b",
    "a\tb",
    "a b",
    "\\xe9",
    "e\u0301",
    "0",
    "null",
]


def test_keys_are_opaque_and_differ_by_every_character(api: FlaskClient) -> None:
    for expected in (False, True):
        assert [is_replay(create(api, key)) for key in KEYS] == [expected] * len(KEYS)


@pytest.mark.parametrize("around", [" a", "a ", "\ta \t"])
def test_white_space_around_a_key_is_no_part_of_it(api: FlaskClient, around: str) -> None:
    create(api, "a")
    assert is_replay(create(api, around))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (b"", '1 to 255 characters, not ""'),
        (b" \t", '1 to 255 characters, not ""'),
        (b"a" * 256, "1 to 255 characters"),
        ("😀".encode() * 256, "1 to 255 characters"),
        (b"a\xff", "must be UTF-8"),
        (b"\xe9", "must be UTF-8"),
    ],
)
def test_invalid_key_is_refused(api: FlaskClient, assert_error_shape: Check, key: bytes, said: str) -> None:
    before = count(api)
    response = api.post(
        COLLECTION, json={"contact_id": "a"}, headers={"Idempotency-Key": key.decode("latin-1")}
    )
    message = assert_error_shape(response, 400, "Idempotency-Key", said)
    assert len(message) < 200
    assert count(api) == before


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", COLLECTION, None),
        ("GET", ITEM, None),
        ("PUT", ITEM, {"is_muted": True}),
        ("DELETE", ITEM, None),
    ],
)
@pytest.mark.parametrize("key", ["key", "", "a" * 256, "\xff"])
def test_key_of_another_operation_is_ignored(
    api: FlaskClient, method: str, url: str, body: dict[str, bool] | None, key: str
) -> None:
    create(api)
    for _ in range(2):
        response = api.open(url, method=method, json=body, headers={"Idempotency-Key": key})
        assert "Idempotent-Replayed" not in response.headers
        assert response.status_code in (200, 204, 404)
    assert (response.status_code == 404) is (method == "DELETE")


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {}},
        {"json": {"contact_id": "a b"}},
        {"json": {"contact_id": "a", "color": "red"}},
        {"data": b"{", "content_type": "application/json"},
        {"data": b"contact_id=a", "content_type": "text/plain"},
        {"json": {"contact_id": "a"}, "headers": {"Authorization": ""}},
        {"json": {"contact_id": "a"}, "url": COLLECTION + "?limit=1"},
        {"json": {"contact_id": "a"}, "url": COLLECTION + "?__code=503"},
    ],
)
def test_error_is_not_stored_and_leaves_the_key_free(api: FlaskClient, sent: dict[str, Any]) -> None:
    for _ in range(2):
        assert create(api, **sent).status_code >= 400
    assert not is_replay(create(api, json={"contact_id": "other"}))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}}, 400),
        ({"json": {"contact_id": "a b"}}, 400),
        ({"data": b"contact_id=a", "content_type": "text/plain"}, 415),
        ({"json": {"contact_id": CONTACT}, "headers": {"Authorization": ""}}, 401),
    ],
)
def test_invalid_call_is_refused_whatever_its_key(
    api: FlaskClient, sent: dict[str, Any], status: int
) -> None:
    create(api)
    assert create(api, **sent).status_code == status
    assert is_replay(create(api))


def test_tokens_and_named_worlds_have_keys_of_their_own(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    worlds: list[tuple[str, dict[str, str]]] = [
        ("", {"Authorization": "Bearer one"}),
        ("", {"Authorization": "Bearer other"}),
        ("/t/one", {"Authorization": "Bearer one"}),
        ("", {"Authorization": "Bearer one", "X-Sandbox-World": "other"}),
    ]
    for expected in (False, True):
        for prefix, headers in worlds:
            response = create(client, url=prefix + COLLECTION, headers=headers, json={"contact_id": CONTACT})
            assert is_replay(response) is expected
            assert response.headers["Location"].startswith(prefix + COLLECTION)


@pytest.mark.parametrize(("seconds", "expected"), [(DAY - 0.5, True), (DAY, False), (DAY + 0.5, False)])
@pytest.mark.parametrize("frozen", [True, False])
def test_key_is_forgotten_after_24_hours_of_the_sandbox(
    open_api: Callable[..., FlaskClient], frozen: bool, seconds: float, expected: bool
) -> None:
    api = open_api()
    if frozen:
        move(api, "freeze", at=692_233_200.25)
    first = create(api)
    move(api, "advance", seconds=seconds)
    second = create(api)
    assert is_replay(second) is expected
    assert (second.data == first.data) is expected
    if not expected:
        # The new answer is kept for 24 hours in its turn, and any body may have begun it.
        move(api, "advance", seconds=DAY - 0.5)
        assert create(api).data == second.data


def test_time_of_the_machine_counts_where_the_clock_runs(
    open_api: Callable[..., FlaskClient], clock: SimpleNamespace
) -> None:
    api = open_api()
    create(api)
    clock.now += DAY - 1
    assert is_replay(create(api))
    clock.now += 1
    assert not is_replay(create(api, json={"contact_id": "other"}))


def test_reset_forgets_all_keys(api: FlaskClient) -> None:
    first = create(api)
    assert api.post("/__admin/reset", json={}).status_code == 200
    second = create(api)
    assert not is_replay(second)
    assert second.get_json()["id"] == first.get_json()["id"]


def test_restore_brings_back_the_keys_of_the_snapshot(api: FlaskClient, assert_error_shape: Check) -> None:
    first = create(api, "before")
    snapshot = api.post("/__admin/snapshots", json={}).get_json()["id"]
    create(api, "after")
    api.post("/__admin/reset", json={})
    assert api.post(f"/__admin/snapshots/{snapshot}/restore", json={}).status_code == 200
    replayed = create(api, "before")
    assert is_replay(replayed)
    assert replayed.data == first.data
    assert_error_shape(create(api, "before", json={"contact_id": "other"}), 422)
    assert not is_replay(create(api, "after"))


def test_dropped_sandbox_forgets_its_keys(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api()
    create(api)
    (own,) = api.get("/__admin/sandboxes").get_json()["data"]
    assert api.delete(f"/__admin/sandboxes/{own['id']}").status_code == 204
    assert not is_replay(create(api))


def test_full_memory_of_keys_refuses_new_ones_and_names_its_setting(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    api = open_api(max_idempotency_keys=2)
    for key in ("one", "two"):
        create(api, key)
    before = count(api)
    assert_error_shape(create(api, "three"), 507, "2 idempotency keys", "--max-idempotency-keys")
    assert count(api) == before
    assert is_replay(create(api, "one"))
    assert not is_replay(create(api, None))
    move(api, "advance", seconds=DAY)
    assert not is_replay(create(api, "three"))


def test_full_sandbox_stores_nothing(open_api: Callable[..., FlaskClient], assert_error_shape: Check) -> None:
    api = open_api(max_conversations=3)
    first = create(api, "one")
    assert_error_shape(create(api, "two"), 507, "--max-conversations")
    # A replay needs no room.
    assert is_replay(create(api, "one"))
    api.delete(first.headers["Location"])
    assert not is_replay(create(api, "two"))


def test_key_may_be_required(open_api: Callable[..., FlaskClient], assert_error_shape: Check) -> None:
    api = open_api(require_idempotency_key=True)
    message = assert_error_shape(create(api, None), 400)
    assert message == "Idempotency-Key is missing; it must be a text of 1 to 255 characters."
    assert_error_shape(create(api, ""), 400, "1 to 255 characters")
    assert [is_replay(create(api)) for _ in range(2)] == [False, True]
    assert api.put(ITEM, json={"is_muted": True}).status_code == 200


def test_document_has_a_required_key_as_a_parameter(open_api: Callable[..., FlaskClient]) -> None:
    document = open_api(require_idempotency_key=True).get("/openapi.json").get_json()
    (header,) = document["paths"][COLLECTION]["post"]["parameters"]
    assert (header["name"], header["in"], header["required"]) == ("Idempotency-Key", "header", True)
    assert header["schema"] == {"type": "string", "minLength": 1, "maxLength": 255}


def test_document_describes_an_optional_key(api: FlaskClient) -> None:
    """As a parameter, it would come before the body in the functions of generated clients."""
    create = api.get("/openapi.json").get_json()["paths"][COLLECTION]["post"]
    assert create["parameters"] == []
    assert "Optional header Idempotency-Key: " in create["description"]


def test_page_may_send_the_key_and_read_the_answer(api: FlaskClient) -> None:
    preflight = api.options(
        COLLECTION,
        headers={
            "Origin": "http://localhost:5173",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "idempotency-key",
        },
    )
    assert preflight.headers["Access-Control-Allow-Headers"] == "idempotency-key"
    create(api)
    replayed = create(api, json={"contact_id": CONTACT}, headers={"Origin": "http://localhost:5173"})
    assert "Idempotent-Replayed" in replayed.headers["Access-Control-Expose-Headers"].split(", ")


def test_key_and_body_are_read_after_100_continue(api: FlaskClient) -> None:
    body = b'{"contact_id": "a"}'
    responses = [
        api.open(
            COLLECTION,
            method="POST",
            input_stream=BytesIO(body),
            headers={
                "Expect": "100-continue",
                "Idempotency-Key": "key",
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            },
        )
        for _ in range(2)
    ]
    assert [is_replay(each) for each in responses] == [False, True]
