"""Attributes of queries and bodies: every request rule of the contract, in all three encodings."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema
from werkzeug.test import TestResponse

from sandbox.problems import Problem
from sandbox.schemas.arguments import CreateConversation, ListConversations, NoArguments, UpdateConversation
from sandbox.schemas.fields import Id, IdempotencyKey
from sandbox.web.arguments import ArgumentReader
from sandbox.web.decoding import MAX_ATTRIBUTES
from sandbox.web.request import Request

Check = Callable[..., str]

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=seam"
ENCODINGS = (FORM, JSON, MULTIPART)
TEXT_ENCODINGS = (FORM, MULTIPART)

VALID_IDS = ["a", "0", "-", "_", "WAz8eIbvDR60rouK", "Az09_-", "a" * 64]
INVALID_IDS = [
    "a" * 65,
    "a b",
    " a",
    "a ",
    "a/b",
    "a.b",
    "ä",
    "a\n",
    "a\x00",
    "٣",
    "\N{GRINNING FACE}",
    "{id}",
]
NON_STRING_IDS = [1, 0, 1.5, True, False, [], ["a"], {}, {"id": "a"}]
LATEST = 253402300799

REQUESTS = {
    "contact_id": ("POST", COLLECTION),
    "group_id": ("POST", COLLECTION),
    "pinned_message_id": ("PUT", ITEM),
    "is_pinned": ("PUT", ITEM),
    "is_muted": ("PUT", ITEM),
    "archived_at": ("PUT", ITEM),
}


def part(head: str, value: str) -> str:
    return f"--seam\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n"


def encode(pairs: list[tuple[str, Any]], encoding: str) -> bytes:
    """Return ``pairs`` as a body, including duplicates."""
    if encoding == JSON:
        return (
            "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs) + "}"
        ).encode()
    if encoding == MULTIPART:
        return ("".join(part(f'name="{name}"', value) for name, value in pairs) + "--seam--\r\n").encode()
    return "&".join(f"{name}={percent_encode(value)}" for name, value in pairs).encode()


def percent_encode(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def send(api: FlaskClient, name: str, value: Any, encoding: str) -> TestResponse:
    """Send only the attribute ``name`` to an operation that accepts it."""
    method, url = REQUESTS[name]
    return api.open(url, method=method, data=encode([(name, value)], encoding), content_type=encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", VALID_IDS)
@pytest.mark.parametrize("name", ["contact_id", "group_id", "pinned_message_id"])
def test_id_of_1_to_64_documented_characters_is_accepted(
    api: FlaskClient, name: str, value: str, encoding: str
) -> None:
    response = send(api, name, value, encoding)
    assert response.status_code in (200, 201)
    assert response.get_json()[name] == value


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", INVALID_IDS)
@pytest.mark.parametrize("name", ["contact_id", "group_id", "pinned_message_id"])
def test_invalid_id_is_refused(
    api: FlaskClient, assert_error_shape: Check, name: str, value: str, encoding: str
) -> None:
    response = send(api, name, value, encoding)
    assert_error_shape(response, 400, f"{name} must be an id: 1 to 64 letters, digits, _ or -")


@pytest.mark.parametrize("value", NON_STRING_IDS)
@pytest.mark.parametrize("name", ["contact_id", "group_id", "pinned_message_id"])
def test_id_in_json_must_be_a_string(
    api: FlaskClient, assert_error_shape: Check, name: str, value: Any
) -> None:
    assert_error_shape(send(api, name, value, JSON), 400, f"{name} must be an id", json.dumps(value))


@pytest.mark.parametrize("encoding", TEXT_ENCODINGS)
@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
@pytest.mark.parametrize("name", ["is_pinned", "is_muted"])
def test_boolean_as_text_is_true_false_1_or_0(
    api: FlaskClient, name: str, text: str, value: bool, encoding: str
) -> None:
    before = api.put(ITEM, json={name: not value}).get_json()
    assert before[name] is not value
    response = send(api, name, text, encoding)
    assert response.status_code == 200
    assert response.get_json() == before | {name: value}


@pytest.mark.parametrize("encoding", TEXT_ENCODINGS)
@pytest.mark.parametrize(
    "text", ["TRUE", "True", "yes", "no", "on", "", " true", "true ", "2", "01", "null", "t"]
)
@pytest.mark.parametrize("name", ["is_pinned", "is_muted"])
def test_other_text_is_not_a_boolean(
    api: FlaskClient, assert_error_shape: Check, name: str, text: str, encoding: str
) -> None:
    assert_error_shape(
        send(api, name, text, encoding), 400, f"{name} must be true or false, not {json.dumps(text)}"
    )


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("name", ["is_pinned", "is_muted"])
def test_boolean_in_json_is_true_or_false(api: FlaskClient, name: str, value: bool) -> None:
    before = api.put(ITEM, json={name: not value}).get_json()
    assert send(api, name, value, JSON).get_json() == before | {name: value}


@pytest.mark.parametrize("value", [1, 0, 1.0, "true", "false", "1", "", None, [], [True], {}])
@pytest.mark.parametrize("name", ["is_pinned", "is_muted"])
def test_other_json_value_is_not_a_boolean(
    api: FlaskClient, assert_error_shape: Check, name: str, value: Any
) -> None:
    assert_error_shape(
        send(api, name, value, JSON), 400, f"{name} must be true or false, not {json.dumps(value)}"
    )


@pytest.mark.parametrize("encoding", TEXT_ENCODINGS)
@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("5", 5), ("705103200", 705103200), (str(LATEST), LATEST)]
)
def test_timestamp_as_text_is_digits(api: FlaskClient, text: str, value: int, encoding: str) -> None:
    assert send(api, "archived_at", text, encoding).get_json()["archived_at"] == value


@pytest.mark.parametrize("encoding", TEXT_ENCODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "1.5",
        "5.0",
        "1e3",
        "+5",
        " 5",
        "5 ",
        "0x5",
        "5_0",
        "٣",
        "true",
        "null",
        "now",
        str(LATEST + 1),
        "9" * 30,
    ],
)
def test_other_text_is_not_a_timestamp(
    api: FlaskClient, assert_error_shape: Check, text: str, encoding: str
) -> None:
    expected = f"archived_at must be Unix seconds, an integer from 0 to {LATEST}"
    assert_error_shape(send(api, "archived_at", text, encoding), 400, expected)


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (5, 5), (5.0, 5), (LATEST, LATEST)])
def test_timestamp_in_json_is_a_whole_number(api: FlaskClient, value: float, expected: int) -> None:
    stored = send(api, "archived_at", value, JSON).get_json()["archived_at"]
    assert stored == expected
    assert isinstance(stored, int)


@pytest.mark.parametrize(
    "value", [-1, -0.5, 1.5, LATEST + 1, LATEST + 0.5, 1e300, 10**30, True, False, "5", "", [], [5], {}]
)
def test_other_json_value_is_not_a_timestamp(api: FlaskClient, assert_error_shape: Check, value: Any) -> None:
    expected = f"archived_at must be Unix seconds, an integer from 0 to {LATEST}"
    assert_error_shape(send(api, "archived_at", value, JSON), 400, expected)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("name", "value"), [("pinned_message_id", "m1"), ("archived_at", 7)])
def test_null_or_an_empty_form_value_clears_a_nullable_attribute(
    api: FlaskClient, name: str, value: Any, encoding: str
) -> None:
    assert api.put(ITEM, json={name: value}).get_json()[name] == value
    cleared = send(api, name, None if encoding == JSON else "", encoding)
    assert cleared.status_code == 200
    assert cleared.get_json()[name] is None
    assert api.get(ITEM).get_json() == cleared.get_json()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("given", "empty"), [("contact_id", "group_id"), ("group_id", "contact_id")])
def test_null_or_an_empty_form_value_means_no_contact_or_group(
    api: FlaskClient, given: str, empty: str, encoding: str
) -> None:
    pairs = [(given, "x1"), (empty, None if encoding == JSON else "")]
    response = api.post(COLLECTION, data=encode(pairs, encoding), content_type=encoding)
    assert response.status_code == 201
    assert response.get_json()[given] == "x1"
    assert response.get_json()[empty] is None


@pytest.mark.parametrize("value", ["", "null"])
@pytest.mark.parametrize("name", ["pinned_message_id", "archived_at"])
def test_empty_json_string_clears_nothing(
    api: FlaskClient, assert_error_shape: Check, name: str, value: str
) -> None:
    api.put(ITEM, json={"pinned_message_id": "m1", "archived_at": 7})
    if (name, value) == ("pinned_message_id", "null"):
        assert send(api, name, value, JSON).get_json()[name] == "null"
    else:
        assert_error_shape(send(api, name, value, JSON), 400, f"{name} must be")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("pairs"),
    [
        [],
        [("contact_id", "")],
        [("group_id", "")],
        [("contact_id", ""), ("group_id", "")],
    ],
)
def test_create_without_contact_and_group_is_refused(
    api: FlaskClient, assert_error_shape: Check, pairs: list[tuple[str, Any]], encoding: str
) -> None:
    if encoding == JSON:
        pairs = [(name, None) for name, _ in pairs]
    response = api.post(COLLECTION, data=encode(pairs, encoding), content_type=encoding)
    assert_error_shape(response, 400, "A conversation needs a contact_id or a group_id (or both).")


def test_missing_body_is_an_empty_body(api: FlaskClient, assert_error_shape: Check) -> None:
    assert_error_shape(api.post(COLLECTION), 400, "contact_id", "group_id")
    assert api.put(ITEM).get_json() == api.get(ITEM).get_json()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("method", "url", "sent", "suggested"),
    [
        ("POST", COLLECTION, "contact", "contact_id"),
        ("POST", COLLECTION, "contactId", "contact_id"),
        ("POST", COLLECTION, "CONTACT_ID", "contact_id"),
        ("POST", COLLECTION, "groupid", "group_id"),
        ("PUT", ITEM, "muted", "is_muted"),
        ("PUT", ITEM, "isPinned", "is_pinned"),
        ("PUT", ITEM, "archived", "archived_at"),
        ("PUT", ITEM, "pinned_message", "pinned_message_id"),
    ],
)
def test_error_for_an_unknown_attribute_suggests_the_nearest_name(
    api: FlaskClient,
    assert_error_shape: Check,
    method: str,
    url: str,
    sent: str,
    suggested: str,
    encoding: str,
) -> None:
    body = encode([(sent, "x1")], encoding)
    response = api.open(url, method=method, data=body, content_type=encoding)
    assert_error_shape(response, 400, sent, f"did you mean {suggested}?")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("method", "url", "known"),
    [
        ("POST", COLLECTION, ["contact_id", "group_id"]),
        ("PUT", ITEM, ["pinned_message_id", "is_pinned", "is_muted", "archived_at"]),
    ],
)
@pytest.mark.parametrize("name", ["zzz", "_schema", "__code", "self", "x" * 500])
def test_error_for_an_attribute_without_a_similar_name_lists_all(
    api: FlaskClient,
    assert_error_shape: Check,
    method: str,
    url: str,
    known: list[str],
    name: str,
    encoding: str,
) -> None:
    body = encode([(name, "x1")], encoding)
    response = api.open(url, method=method, data=body, content_type=encoding)
    message = assert_error_shape(response, 400, name[:70], *known)
    assert len(message) < 400


@pytest.mark.parametrize(
    "name", ["id", "created_at", "last_active_at", "last_opened_at", "contact_id", "group_id"]
)
def test_update_of_a_read_only_attribute_is_refused(
    api: FlaskClient, assert_error_shape: Check, name: str
) -> None:
    before = api.get(ITEM).get_json()
    assert_error_shape(api.put(ITEM, json={name: before[name], "is_muted": True}), 400, name)
    assert api.get(ITEM).get_json() == before


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("method", "url", "name", "values"),
    [
        ("POST", COLLECTION, "contact_id", ("a", "b")),
        ("POST", COLLECTION, "contact_id", ("a", "a")),
        ("PUT", ITEM, "pinned_message_id", ("a", "b")),
        ("PUT", ITEM, "unknown", ("a", "b")),
    ],
)
def test_duplicate_attribute_is_refused(
    api: FlaskClient,
    assert_error_shape: Check,
    method: str,
    url: str,
    name: str,
    values: tuple[str, str],
    encoding: str,
) -> None:
    body = encode([(name, value) for value in values], encoding)
    response = api.open(url, method=method, data=body, content_type=encoding)
    assert_error_shape(response, 400, f"{name} is given twice")


def test_all_errors_are_reported(api: FlaskClient, assert_error_shape: Check) -> None:
    response = api.put(ITEM, json={"is_muted": 1, "archived_at": "5", "is_pined": True})
    assert_error_shape(response, 400, "is_muted must be", "archived_at must be", "did you mean is_pinned?")


def test_message_is_short_for_long_input(api: FlaskClient, assert_error_shape: Check) -> None:
    many = {f"unknown_{number}" + "x" * 1000: "y" * 1000 for number in range(500)}
    assert len(assert_error_shape(api.post(COLLECTION, json=many), 400)) < 2000
    assert len(assert_error_shape(api.post(COLLECTION, json={"contact_id": "y" * 100_000}), 400)) < 300


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_too_many_attributes_are_refused(api: FlaskClient, assert_error_shape: Check, encoding: str) -> None:
    pairs = [(f"a{number}", "1") for number in range(MAX_ATTRIBUTES + 1)]
    assert_error_shape(api.post(COLLECTION, data=encode(pairs, encoding), content_type=encoding), 400)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("method", "url"), [("GET", COLLECTION), ("HEAD", COLLECTION), ("GET", ITEM), ("DELETE", ITEM)]
)
def test_body_attributes_are_refused_where_none_are_defined(
    api: FlaskClient, assert_error_shape: Check, method: str, url: str, encoding: str
) -> None:
    body = encode([("limit", "1")], encoding)
    response = api.open(url, method=method, data=body, content_type=encoding)
    assert response.status_code == 400
    if method != "HEAD":
        assert_error_shape(response, 400, "limit", "no attributes", "body")
    assert api.get(ITEM).status_code == 200


@pytest.mark.parametrize(("method", "url"), [("GET", COLLECTION), ("GET", ITEM)])
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_empty_body_is_accepted_where_no_attributes_are_defined(
    api: FlaskClient, method: str, url: str, body: bytes
) -> None:
    assert api.open(url, method=method, data=body, content_type=JSON).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain; charset=utf-8",
        "application/xml",
        "application/jsonp",
        "application/octet-stream",
        "multipart/mixed; boundary=seam",
        "json",
        ";",
        "x" * 5000,
    ],
    ids=lambda content_type: content_type[:30],
)
@pytest.mark.parametrize(
    ("method", "url"),
    [("POST", COLLECTION), ("PUT", ITEM), ("GET", COLLECTION), ("GET", ITEM), ("DELETE", ITEM)],
)
def test_unsupported_media_type_is_refused(
    api: FlaskClient, assert_error_shape: Check, method: str, url: str, content_type: str
) -> None:
    response = api.open(url, method=method, data=b"contact_id=a", content_type=content_type)
    message = assert_error_shape(response, 415, FORM, JSON, "multipart/form-data", content_type[:70])
    assert len(message) < 300


@pytest.mark.parametrize(("method", "url"), [("GET", COLLECTION), ("GET", ITEM)])
def test_media_type_without_a_body_is_ignored(api: FlaskClient, method: str, url: str) -> None:
    assert api.open(url, method=method, content_type="text/plain").status_code == 200


ARRANGED = "/__admin/conversations/xgQQXg3hrtjh7AvZ"


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8", "Application/JSON"])
@pytest.mark.parametrize(
    ("url", "attributes"),
    [(ITEM, "(pinned_message_id, is_pinned, is_muted, archived_at)"), (ARRANGED, "created_at, archived_at)")],
)
def test_put_of_json_without_a_body_is_refused(
    api: FlaskClient, assert_error_shape: Check, url: str, attributes: str, content_type: str
) -> None:
    response = api.put(url, content_type=content_type)
    assert_error_shape(response, 400, "The body is empty.", attributes, "{} to change nothing")
    chunked = api.put(
        url, content_type=content_type, headers={"Transfer-Encoding": "chunked"}, input_stream=BytesIO(b"")
    )
    assert_error_shape(chunked, 400, "The body is empty.")


@pytest.mark.parametrize(
    ("method", "url", "sent", "status"),
    [
        ("PUT", ITEM, {"data": b"{}", "content_type": JSON}, 200),
        ("PUT", ARRANGED, {"data": b"{}", "content_type": JSON}, 200),
        ("PUT", ITEM, {"data": b"", "content_type": FORM}, 200),
        ("PUT", ITEM, {}, 200),
        ("PUT", COLLECTION + "/nope", {"content_type": JSON}, 400),
        ("GET", ITEM, {"content_type": JSON}, 200),
        ("GET", COLLECTION, {"content_type": JSON}, 200),
        ("DELETE", ITEM, {"content_type": JSON}, 204),
        ("POST", "/__admin/reset", {"content_type": JSON}, 200),
        ("POST", "/__admin/snapshots", {"content_type": JSON}, 201),
    ],
)
def test_only_a_put_of_json_needs_a_body(
    api: FlaskClient, method: str, url: str, sent: dict[str, Any], status: int
) -> None:
    assert api.open(url, method=method, **sent).status_code == status


@pytest.mark.parametrize(
    ("method", "url", "fragment"),
    [
        ("POST", COLLECTION, "contact_id"),
        ("PUT", "/__admin/clock", "action is missing"),
        ("PUT", "/__admin/faults", "data is missing"),
        ("PUT", "/__admin/faults/rule-1", "A rule needs"),
    ],
)
def test_empty_json_body_is_refused_for_the_attributes_that_are_missing(
    api: FlaskClient, assert_error_shape: Check, method: str, url: str, fragment: str
) -> None:
    assert_error_shape(api.open(url, method=method, content_type=JSON), 400, fragment)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json; charset=utf-8", b'{"contact_id": "a"}'),
        ("application/json;charset=UTF-8", b'{"contact_id": "a"}'),
        ("Application/JSON", b'{"contact_id": "a"}'),
        ("APPLICATION/X-WWW-FORM-URLENCODED", b"contact_id=a"),
        ("application/x-www-form-urlencoded; charset=utf-8", b"contact_id=a"),
        ("Multipart/Form-Data; boundary=seam", encode([("contact_id", "a")], MULTIPART)),
        ('multipart/form-data; boundary="seam"', encode([("contact_id", "a")], MULTIPART)),
    ],
)
def test_media_type_is_case_insensitive_and_may_have_parameters(
    api: FlaskClient, content_type: str, body: bytes
) -> None:
    response = api.post(COLLECTION, data=body, content_type=content_type)
    assert response.status_code == 201, response.text
    assert response.get_json()["contact_id"] == "a"


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"{", 1, 2),
        (b'{"contact_id": "a"', 1, 19),
        (b'{"contact_id": "a" "b"}', 1, 20),
        (b'{\n"contact_id": a}', 2, 15),
        (b"{'contact_id': 'a'}", 1, 2),
        (b'{"contact_id": "a"} trailing', 1, 21),
        (b'{"contact_id": "a\n"}', 1, 18),
        (b"   ", 1, 4),
        (b"contact_id=a", 1, 1),
        (b"\xef\xbb\xbf{'contact_id': 'a'}", 1, 2),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"contact_id": "a"}', 1, 1),
        (b'{"contact_id": \xef\xbb\xbf"a"}', 1, 16),
    ],
)
def test_error_for_invalid_json_names_the_position(
    api: FlaskClient, assert_error_shape: Check, body: bytes, line: int, column: int
) -> None:
    response = api.post(COLLECTION, data=body, content_type=JSON)
    assert_error_shape(response, 400, "not valid JSON", f"line {line}, column {column}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"contact_id": NaN}',
        b'{"contact_id": Infinity}',
        b'{"contact_id": -Infinity}',
        b'{"archived_at": ' + b"9" * 5000 + b"}",
        b"[" * 50_000,
        b'{"a":' * 50_000,
    ],
    ids=lambda body: body[:20].decode(),
)
def test_non_standard_or_extreme_json_is_refused(
    api: FlaskClient, assert_error_shape: Check, body: bytes
) -> None:
    assert_error_shape(api.post(COLLECTION, data=body, content_type=JSON), 400, "not valid JSON")


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "1e308", "9" * 4000, "-0.0e-999", "0.1e1"], ids=lambda number: number[:9]
)
def test_number_of_any_size_is_refused_as_an_id(
    api: FlaskClient, assert_error_shape: Check, number: str
) -> None:
    response = api.post(COLLECTION, data=f'{{"contact_id": {number}}}', content_type=JSON)
    assert len(assert_error_shape(response, 400, "contact_id")) < 300


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_nesting_of_any_depth_is_refused(api: FlaskClient, left: str, right: str) -> None:
    def status_at(depth: int) -> int:
        body = '{"contact_id":' + left * depth + "1" + right * depth + "}"
        return api.post(COLLECTION, data=body, content_type=JSON).status_code

    assert {depth: status for depth in range(1, 1100) if (status := status_at(depth)) != 400} == {}


@pytest.mark.parametrize("body", [b"[]", b"null", b"true", b"1", b'"contact_id"', b'[{"contact_id": "a"}]'])
def test_json_body_must_be_an_object(api: FlaskClient, assert_error_shape: Check, body: bytes) -> None:
    assert_error_shape(
        api.post(COLLECTION, data=body, content_type=JSON), 400, "The body must be a JSON object."
    )


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (JSON, b'{"contact_id": "\xff"}', "UTF-8"),
        (JSON, b'{"contact_id": "a"}'.decode().encode("utf-16"), "UTF-8"),
        (JSON, b'{"contact_id": "\xed\xa0\x80"}', "UTF-8"),
        (JSON, rb'{"contact_id": "\ud800"}', "contact_id must be an id"),
        (JSON, rb'{"\ud800": "a"}', "not an attribute"),
        (JSON, rb'{"contact_id": "a\u0000"}', "contact_id must be an id"),
        (FORM, b"contact_id=\xff", "UTF-8"),
        (FORM, b"contact_id=%ff", "UTF-8"),
        (FORM, b"contact_id=%ED%A0%80", "UTF-8"),
        (FORM, b"%ff=a", "UTF-8"),
        (FORM, b"contact_id=%zz", "contact_id must be an id"),
        (
            MULTIPART,
            b'--seam\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\n\xff\r\n--seam--\r\n',
            "",
        ),
    ],
)
def test_invalid_text_is_refused(
    api: FlaskClient, assert_error_shape: Check, content_type: str, body: bytes, expected: str
) -> None:
    assert_error_shape(api.post(COLLECTION, data=body, content_type=content_type), 400, expected)


@pytest.mark.parametrize(
    "body",
    [
        b"seam",
        b"--seam",
        b"--seam\r\n",
        b"--seam--",
        b'--seam\r\nContent-Disposition: form-data; name="contact_id"',
        b'--seam\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\na',
        b'--seam\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\na\r\n--seam',
        b'--other\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\na\r\n--other--\r\n',
        b"--seam\r\nContent-Disposition: form-data\r\n\r\na\r\n--seam--\r\n",
        b'--seam\r\nContent-Disposition: form-data; filename="a"\r\n\r\na\r\n--seam--\r\n',
        b"--seam\r\nContent-Type: text/plain\r\n\r\na\r\n--seam--\r\n",
        b"--seam\r\n\r\na\r\n--seam--\r\n",
        b"--seam\r\nno header\r\n\r\na\r\n--seam--\r\n",
        b'--seam\r\nContent-Disposition: attachment; name=""\r\n\r\na\r\n--seam--\r\n',
    ],
)
def test_malformed_multipart_is_refused(api: FlaskClient, assert_error_shape: Check, body: bytes) -> None:
    assert_error_shape(api.post(COLLECTION, data=body, content_type=MULTIPART), 400)


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary="'],
)
def test_multipart_without_a_boundary_is_refused(
    api: FlaskClient, assert_error_shape: Check, content_type: str
) -> None:
    body = encode([("contact_id", "a")], MULTIPART)
    assert_error_shape(api.post(COLLECTION, data=body, content_type=content_type), 400, "multipart/form-data")


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_uploaded_file_is_refused(api: FlaskClient, assert_error_shape: Check, size: int) -> None:
    body = part('name="contact_id"; filename="a.txt"', "a" * size) + "--seam--\r\n"
    response = api.post(COLLECTION, data=body.encode(), content_type=MULTIPART)
    assert_error_shape(response, 400, "contact_id must be a plain field, not a file")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.0",
        "limit=ten",
        "limit=",
        "limit",
        "limit=1e1",
        "limit=%2B1",
        "limit=%201",
        "limit=٣",
        "limit=" + "9" * 5000,
    ],
    ids=lambda query: query[:20],
)
def test_limit_must_be_an_integer_from_1_to_100(
    api: FlaskClient, assert_error_shape: Check, query: str
) -> None:
    assert_error_shape(api.get(f"{COLLECTION}?{query}"), 400, "limit must be an integer from 1 to 100")


@pytest.mark.parametrize("limit", ["1", "10", "100"])
def test_limit_bounds_are_accepted(api: FlaskClient, limit: str) -> None:
    assert api.get(COLLECTION, query_string={"limit": limit}).status_code == 200


@pytest.mark.parametrize("text", ["true", "false", "1", "0"])
@pytest.mark.parametrize("name", ["muted", "archived", "pinned"])
def test_boolean_in_the_query_is_true_false_1_or_0(api: FlaskClient, name: str, text: str) -> None:
    assert api.get(COLLECTION, query_string={name: text}).status_code == 200


@pytest.mark.parametrize("text", ["TRUE", "True", "yes", "", "2", "null", "true,false"])
@pytest.mark.parametrize("name", ["muted", "archived", "pinned"])
def test_other_boolean_in_the_query_is_refused(
    api: FlaskClient, assert_error_shape: Check, name: str, text: str
) -> None:
    response = api.get(COLLECTION, query_string={name: text})
    assert_error_shape(response, 400, f"{name} must be true or false, not {json.dumps(text)}")


@pytest.mark.parametrize("value", ["", *INVALID_IDS])
@pytest.mark.parametrize("name", ["group_id", "starting_after", "ending_before"])
def test_invalid_id_in_the_query_is_refused(
    api: FlaskClient, assert_error_shape: Check, name: str, value: str
) -> None:
    response = api.get(COLLECTION, query_string={name: value})
    assert_error_shape(response, 400, f"{name} must be an id: 1 to 64 letters, digits, _ or -")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limt=1", "limt is not an attribute of this query; did you mean limit?"),
        ("Limit=1", "did you mean limit?"),
        ("mute=1", "did you mean muted?"),
        ("is_pinned=1", "did you mean pinned?"),
        ("groupId=a", "did you mean group_id?"),
        ("startingAfter=a", "did you mean starting_after?"),
        ("contact_id=a", "contact_id is not an attribute of this query"),
        ("zzz=1", "known are limit, muted, archived, pinned, group_id, starting_after, ending_before"),
        ("_schema=1", "_schema"),
        ("=1", '"" is not an attribute of this query'),
        ("=1&=1", '"" is given twice'),
        ("limit%20=1", '"limit " is not an attribute of this query; did you mean limit?'),
        ("limit=1&limit=2", "limit is given twice"),
        ("limit=1&limit=1", "limit is given twice"),
        ("limit=1&%6Cimit=1", "limit is given twice"),
        ("limit=%ff", "UTF-8"),
        ("%ff=1", "UTF-8"),
        ("&".join(f"a{number}=1" for number in range(MAX_ATTRIBUTES + 1)), "attributes"),
    ],
    ids=lambda text: text[:20],
)
def test_invalid_query_is_refused(
    api: FlaskClient, assert_error_shape: Check, query: str, expected: str
) -> None:
    assert_error_shape(api.get(f"{COLLECTION}?{query}"), 400, expected)


@pytest.mark.parametrize(
    ("method", "url"), [("POST", COLLECTION), ("GET", ITEM), ("PUT", ITEM), ("DELETE", ITEM)]
)
def test_query_attributes_are_refused_where_none_are_defined(
    api: FlaskClient, assert_error_shape: Check, method: str, url: str
) -> None:
    body = {"contact_id": "a"} if method == "POST" else None
    response = api.open(url + "?limit=1", method=method, json=body)
    assert_error_shape(response, 400, "limit", "no attributes", "query")
    assert api.get(ITEM).status_code == 200
    assert len(api.get(COLLECTION).get_json()["data"]) == 2


@pytest.mark.parametrize("url", [COLLECTION, ITEM])
def test_reserved_query_attribute_is_not_an_argument(api: FlaskClient, url: str) -> None:
    assert api.get(f"{url}?__delay=0").get_json() == api.get(url).get_json()


@pytest.mark.parametrize("query", ["__anything=1", "__X=1", "__1=1", "__=1", "__a_b=1&__c=2"])
@pytest.mark.parametrize("url", [COLLECTION, ITEM])
def test_unknown_reserved_query_attribute_is_refused(
    api: FlaskClient, assert_error_shape: Check, url: str, query: str
) -> None:
    name = query.partition("=")[0]
    assert_error_shape(api.get(f"{url}?{query}"), 400, name, "__code, __delay, __fault")


@pytest.mark.parametrize("query", ["", "&", "&&"])
def test_empty_query_has_no_effect(api: FlaskClient, query: str) -> None:
    assert api.get(f"{COLLECTION}?{query}").get_json() == api.get(COLLECTION).get_json()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["zzz", "contactid", "_schema"])
def test_lenient_server_ignores_unknown_attributes(
    open_api: Callable[..., FlaskClient], name: str, encoding: str
) -> None:
    api = open_api(lenient=True)
    body = encode([("contact_id", "a"), (name, "b")], encoding)
    created = api.post(f"{COLLECTION}?{name}=1", data=body, content_type=encoding)
    assert created.status_code == 201
    assert created.get_json()["contact_id"] == "a"
    updated = api.put(f"{ITEM}?{name}=1", data=encode([(name, "b")], encoding), content_type=encoding)
    assert updated.get_json() == api.get(ITEM).get_json()
    listed = api.get(f"{COLLECTION}?{name}=1&limit=1", data=body, content_type=encoding)
    assert len(listed.get_json()["data"]) == 1
    assert api.delete(f"{ITEM}?{name}=1", data=body, content_type=encoding).status_code == 204


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_lenient_server_ignores_unknown_attributes_that_are_given_twice(
    open_api: Callable[..., FlaskClient], encoding: str
) -> None:
    api = open_api(lenient=True)
    twice = [("zzz", "1"), ("zzz", "2")]
    created = api.post(
        COLLECTION, data=encode([("contact_id", "a"), *twice], encoding), content_type=encoding
    )
    assert created.get_json()["contact_id"] == "a"
    listed = api.get(f"{COLLECTION}?zzz=1&limit=1&zzz=2", data=encode(twice, encoding), content_type=encoding)
    assert len(listed.get_json()["data"]) == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_lenient_server_refuses_a_known_attribute_that_is_given_twice(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check, encoding: str
) -> None:
    pairs = [("zzz", "1"), ("contact_id", "a"), ("zzz", "2"), ("contact_id", "a")]
    response = open_api(lenient=True).post(COLLECTION, data=encode(pairs, encoding), content_type=encoding)
    assert_error_shape(response, 400, "contact_id is given twice")


@pytest.mark.parametrize(
    ("method", "url", "content_type", "body", "expected"),
    [
        ("POST", COLLECTION, JSON, b'{"contact_id": 1}', "contact_id must be an id"),
        ("POST", COLLECTION, JSON, b'{"contact": "a"}', "needs a contact_id or a group_id"),
        ("POST", COLLECTION, JSON, b'{"contact_id": "a", "contact_id": "a"}', "given twice"),
        ("POST", COLLECTION, JSON, b"{", "not valid JSON"),
        ("GET", COLLECTION + "?limit=0", "", b"", "limit must be"),
        ("GET", COLLECTION + "?limit=1&limit=1", "", b"", "given twice"),
    ],
)
def test_lenient_server_refuses_other_errors(
    open_api: Callable[..., FlaskClient],
    assert_error_shape: Check,
    method: str,
    url: str,
    content_type: str,
    body: bytes,
    expected: str,
) -> None:
    response = open_api(lenient=True).open(url, method=method, data=body, content_type=content_type)
    assert_error_shape(response, 400, expected)


FUZZ = settings(
    derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck)
)
NAMES = st.sampled_from(
    ["contact_id", "group_id", "is_pinned", "archived_at", "_schema", "", "\ud800", "zzz"]
)


class TwoHeaders(Schema):
    """A header that may be sent, and one that must be."""

    one = Id(data_key="X-One", load_default="default")
    two = IdempotencyKey(data_key="X-Two", required=True)


HEADERS = ArgumentReader(NoArguments(), NoArguments(), TwoHeaders())


def request_with(**headers: str) -> Request:
    return Request({"REQUEST_METHOD": "GET", "PATH_INFO": "/", **headers})


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        ({"HTTP_X_TWO": "b"}, {"one": "default", "two": "b"}),
        ({"HTTP_X_ONE": "a", "HTTP_X_TWO": " é ".encode().decode("latin-1")}, {"one": "a", "two": "é"}),
        ({"HTTP_X_ONE": "a", "HTTP_X_TWO": "b", "HTTP_X_THREE": "c"}, {"one": "a", "two": "b"}),
    ],
)
def test_headers_of_the_schema_are_read_and_others_are_ignored(
    sent: dict[str, str], values: dict[str, str]
) -> None:
    request = request_with(**sent)
    assert HEADERS.headers(request) == values
    assert HEADERS.read_with_headers(request) == {"headers": values}
    assert HEADERS.read(request) == {}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, ["X-Two is missing; it must be a text of 1 to 255 characters."]),
        (
            {"HTTP_X_ONE": "a b", "HTTP_X_TWO": ""},
            ["X-One must be an id", "X-Two must be a text of 1 to 255"],
        ),
        ({"HTTP_X_ONE": "\xff", "HTTP_X_TWO": "b"}, ["X-One must be UTF-8."]),
    ],
)
def test_invalid_headers_are_refused_by_their_names(sent: dict[str, str], said: list[str]) -> None:
    # Twice: what a request without the headers gets is kept.
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            HEADERS.headers(request_with(**sent))
        assert refused.value.status == 400
        for fragment in said:
            assert fragment in refused.value.message


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            b"--seam",
            b"--",
            b"\r\n",
            b"\n",
            b"Content-Disposition: form-data",
            b'; name="contact_id"',
            b"; name*=utf-8''%ff",
            b'; filename="f"',
            b"Content-Type: text/plain; charset=utf-7",
            b"a",
            b"\xff",
            b"\x00",
            b'"',
            b"&",
            b"=",
            b"%f",
            b"{",
            b"}",
            b"[",
            b":",
            b"1e9",
        ]
    ),
    max_size=14,
).map(b"".join)


def problem_with(
    *, query: Schema | None = None, body: Schema | None = None, content: bytes = b"", **environ: str
) -> Problem | None:
    """Return the problem with a request that is read by these schemas, or None if there is none."""
    request = Request({"REQUEST_METHOD": "POST", "PATH_INFO": "/"} | environ, content)
    try:
        ArgumentReader(query or NoArguments(), body or NoArguments()).read(request)
    except Problem as problem:
        return problem
    return None


@FUZZ
@given(
    FRAGMENTS | st.binary(max_size=60), st.sampled_from([*ENCODINGS, "multipart/form-data", "", "text/plain"])
)
def test_arbitrary_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    for schema in (CreateConversation(), UpdateConversation()):
        problem = problem_with(body=schema, content=body, CONTENT_TYPE=content_type)
        assert problem is None or problem.status in (400, 415)
        assert problem is None or json.loads(problem.body)["message"] == problem.message


@FUZZ
@given(st.dictionaries(NAMES | st.text(), VALUES, max_size=4))
def test_arbitrary_json_is_read_or_refused(values: dict[str, Any]) -> None:
    for schema in (CreateConversation(), UpdateConversation()):
        problem = problem_with(body=schema, content=json.dumps(values).encode(), CONTENT_TYPE=JSON)
        if problem is None:
            assert set(values) <= set(schema.fields)
        else:
            assert problem.status == 400


@FUZZ
@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=40))
def test_arbitrary_query_is_read_or_refused(query: str) -> None:
    problem = problem_with(query=ListConversations(), QUERY_STRING=query)
    assert problem is None or problem.status == 400
