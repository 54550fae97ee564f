"""Attributes that are parts of an HTTP response."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from sandbox.schemas.error_messages import message_of
from sandbox.schemas.http_fields import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    BodyField,
    HeaderFields,
    RetryAfter,
)
from sandbox.schemas.loading import load


class Parts(Schema):
    """One attribute of each kind."""

    retry_after = RetryAfter()
    headers = HeaderFields()
    body = BodyField()


def loaded(**values: Any) -> dict[str, Any]:
    result: dict[str, Any] = load(Parts(), values, "a part")
    return result


def refusal(**values: Any) -> str:
    with pytest.raises(ValidationError) as error:
        loaded(**values)
    return message_of(error.value)


def test_absent_parts_stay_absent() -> None:
    assert loaded() == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (7.0, "7"),
        (86_400, "86400"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Sun Nov  6 08:49:37 1994", "Sun Nov  6 08:49:37 1994"),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: Any, text: str) -> None:
    assert loaded(retry_after=value) == {"retry_after": text}


@pytest.mark.parametrize(
    "value", [-1, 86_401, 1.5, True, "7", "tomorrow", "", None, [], {}, "Mon, 06 Nov 1994 08:49:37 GMT"]
)
def test_other_retry_after_is_refused(value: Any) -> None:
    message = refusal(retry_after=value)
    assert message.startswith(
        "retry_after must be an integer from 0 to 86400, or an HTTP date like Sun, 06 Nov 1994"
    )


@pytest.mark.parametrize(
    ("headers", "pairs"),
    [
        ({}, []),
        ({"Server": "nginx"}, [("Server", "nginx")]),
        ({"X-Empty": ""}, [("X-Empty", "")]),
        ({"x!#$%&'*+.^_`|~9": 'a, b;c="d"'}, [("x!#$%&'*+.^_`|~9", 'a, b;c="d"')]),
        ({"X-Name": "café"}, [("X-Name", "café".encode().decode("latin-1"))]),
        (
            {"Content-Type": "text/html", "Retry-After": "soon"},
            [("Content-Type", "text/html"), ("Retry-After", "soon")],
        ),
    ],
)
def test_headers_are_pairs_of_wsgi(headers: Any, pairs: Any) -> None:
    assert loaded(headers=headers) == {"headers": pairs}


@pytest.mark.parametrize(
    "value", [None, [], "a", 5, [["a", "b"]], {f"x{number}": "" for number in range(MAX_HEADERS + 1)}]
)
def test_headers_must_be_an_object_of_limited_size(value: Any) -> None:
    assert refusal(headers=value).startswith(
        "headers must be an object of at most 50 texts, 8192 bytes in all, not "
    )


def test_total_size_of_headers_is_limited() -> None:
    assert loaded(headers={"ab": "c" * (MAX_HEADER_BYTES - 2)})
    assert "8192 bytes" in refusal(headers={"ab": "c" * (MAX_HEADER_BYTES - 1)})
    assert "8192 bytes" in refusal(headers={"ab": "é" * (MAX_HEADER_BYTES // 2)})


@pytest.mark.parametrize("name", ["", " ", "a b", "a:", "a\n", "é", "a(b)", "a" * 201, "a\x00", "a/b", '"a"'])
def test_name_of_a_header_must_be_a_token(name: str) -> None:
    assert "is not the name of a header: 1 to 200 letters, digits or !#$%&'*+-.^_`|~." in refusal(
        headers={name: "a"}
    )


@pytest.mark.parametrize(
    "value",
    [
        "a\r\nb: c",
        "a\n",
        "\ra",
        "a\x00b",
        "a\tb",
        "\x1b[1m",
        "a\x7f",
        "a\x85b",
        " a",
        "a ",
        "\ud800",
        5,
        None,
        True,
        [],
        {},
    ],
)
def test_value_of_a_header_must_be_printable_text(value: Any) -> None:
    message = refusal(headers={"X-A": value})
    assert message.startswith(
        "headers.X-A must be a text without control characters and without spaces around it, not "
    )


@pytest.mark.parametrize(
    "name",
    [
        "Content-Length",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Upgrade",
    ],
)
def test_headers_that_frame_the_response_are_refused(name: str) -> None:
    assert refusal(headers={name: "5"}) == (
        f"headers.{name} frames the response, so the sandbox sets it; faults like truncate send a wrong one."
    )


@pytest.mark.parametrize(
    "name", ["Date", "X-Request-Id", "x-sandbox-fault", "X-Sandbox-Anything", "Access-Control-Allow-Origin"]
)
def test_headers_of_the_sandbox_are_refused(name: str) -> None:
    assert refusal(headers={name: "5"}) == f"headers.{name} is set by the sandbox."


def test_header_that_is_given_twice_is_refused() -> None:
    assert refusal(headers={"X-A": "1", "x-a": "1"}) == "headers.x-a is given twice; give it once."


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("", ("text/plain; charset=utf-8", b"")),
        ("<h1>Bad gateway</h1>", ("text/plain; charset=utf-8", b"<h1>Bad gateway</h1>")),
        ("café\r\n\x00", ("text/plain; charset=utf-8", "café\r\n\x00".encode())),
        ({"error": {"code": 5}}, ("application/json", b'{"error": {"code": 5}}')),
        ([1, "é"], ("application/json", b'[1, "\\u00e9"]')),
        (None, ("application/json", b"null")),
        (False, ("application/json", b"false")),
        (0, ("application/json", b"0")),
        ({"a": "\ud800"}, ("application/json", b'{"a": "\\ud800"}')),
    ],
)
def test_body_is_text_or_json(value: Any, body: tuple[str, bytes]) -> None:
    assert loaded(body=value) == {"body": body}


@pytest.mark.parametrize(
    "value",
    [
        "a" * (MAX_BODY_BYTES + 1),
        "é" * (MAX_BODY_BYTES // 2 + 1),
        ["a" * MAX_BODY_BYTES],
        "\ud800",
        float("inf"),
        [float("nan")],
    ],
    ids=lambda value: repr(value)[:20],
)
def test_body_that_cannot_be_sent_is_refused(value: Any) -> None:
    message = refusal(body=value)
    assert message.startswith("body must be a text or a JSON value of at most 65536 bytes, not ")
    assert len(message) < 200


def test_longest_body_is_accepted() -> None:
    assert len(loaded(body="a" * MAX_BODY_BYTES)["body"][1]) == MAX_BODY_BYTES


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON_VALUES, JSON_VALUES, JSON_VALUES)
def test_any_json_value_is_loaded_or_refused(retry_after: Any, headers: Any, body: Any) -> None:
    for name, value in (("retry_after", retry_after), ("headers", headers), ("body", body)):
        mistakes: list[ValidationError] = []
        try:
            loaded(**{name: value})
        except ValidationError as error:
            mistakes.append(error)
        assert all(message_of(mistake).startswith(name) for mistake in mistakes)


@given(JSON_VALUES)
def test_json_body_is_the_value(value: Any) -> None:
    try:
        content_type, body = loaded(body=value)["body"]
    except ValidationError:
        return
    if content_type == "application/json":
        assert json.loads(body) == value
