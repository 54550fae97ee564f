"""Decoding of bytes into attributes, before validation."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.problems import Problem
from sandbox.schemas.json_document import MAX_PARTS
from sandbox.web.decoding import MAX_ATTRIBUTES, check_type, decode_body, decode_query, is_json

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=seam"


def multipart(*parts: str) -> bytes:
    return "".join(f"--seam\r\n{part}\r\n" for part in parts).encode() + b"--seam--\r\n"


def field(name: str, value: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'


@pytest.mark.parametrize(
    ("query", "attributes"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a=%20+%2B", {"a": "  +"}),
        ("%61=%C3%A4", {"a": "ä"}),
        ("&&a=1&&", {"a": "1"}),
        ("a;b=1", {"a;b": "1"}),
    ],
)
def test_query_is_decoded(query: str, attributes: dict[str, str]) -> None:
    assert decode_query(query).attributes == attributes


@pytest.mark.parametrize(
    ("content_type", "body", "attributes", "is_text"),
    [
        ("", b"", {}, True),
        ("text/plain", b"", {}, True),
        (FORM, b"a=1&b=", {"a": "1", "b": ""}, True),
        (FORM, "a=ä".encode(), {"a": "ä"}, True),
        (FORM, b"a=1\r\n", {"a": "1\r\n"}, True),
        (JSON, b"{}", {}, False),
        (JSON, b' {"a": 1, "b": null} \n', {"a": 1, "b": None}, False),
        (JSON, '{"ä": ["ä"]}'.encode(), {"ä": ["ä"]}, False),
        (MULTIPART, multipart(), {}, True),
        (MULTIPART, multipart(field("a", "1"), field("b", "")), {"a": "1", "b": ""}, True),
        (MULTIPART, multipart(field("a", "line\r\nline")), {"a": "line\r\nline"}, True),
        (MULTIPART, multipart(field("ä", "ä")), {"ä": "ä"}, True),
    ],
)
def test_body_is_decoded(content_type: str, body: bytes, attributes: dict[str, Any], is_text: bool) -> None:
    assert decode_body(body, content_type) == (attributes, is_text, {})


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("", b"a=1", 415),
        ("text/plain", b"a=1", 415),
        (FORM, b"a=%ff", 400),
        (FORM, b"a=\xff", 400),
        (JSON, b"[1]", 400),
        (JSON, b"{", 400),
        (JSON, b"\xff", 400),
        (JSON, b'{"a": NaN}', 400),
        (MULTIPART, multipart(field("a", "1"))[:-4], 400),
    ],
)
def test_undecodable_body_is_refused(content_type: str, body: bytes, status: int) -> None:
    with pytest.raises(Problem) as caught:
        decode_body(body, content_type)
    assert caught.value.status == status


@pytest.mark.parametrize("count", [MAX_ATTRIBUTES, MAX_ATTRIBUTES + 1])
def test_maximum_of_attributes_is_equal_for_queries_forms_and_multipart(count: int) -> None:
    names = [f"a{number}" for number in range(count)]
    query = "&".join(f"{name}=1" for name in names)
    parts = multipart(*(field(name, "1") for name in names))
    decodings: list[Callable[[], dict[str, Any]]] = [
        lambda: decode_query(query).attributes,
        lambda: decode_body(query.encode(), FORM).attributes,
        lambda: decode_body(parts, MULTIPART).attributes,
    ]
    for decode in decodings:
        if count <= MAX_ATTRIBUTES:
            assert list(decode()) == names
        else:
            with pytest.raises(Problem, match=f"more than {MAX_ATTRIBUTES} attributes"):
                decode()


@pytest.mark.parametrize(
    ("content_type", "body", "attributes", "repeated"),
    [
        (FORM, b"a=1&b=2&a=1&=1&=1", {"b": "2"}, {"a": "a", "": '""'}),
        (JSON, b'{"a": 1, "b": 2, "a": 1}', {"b": 2}, {"a": "a"}),
        (JSON, b'{"a": {"x": [{"y": 1, "y": 1}]}, "b": 2}', {"b": 2}, {"a": "a.x[0].y"}),
        (JSON, b'{"a": 1, "a": 1, "b": {"c": 1, "c": 1, "d": 1, "d": 1}}', {}, {"a": "a", "b": "b.c"}),
        (MULTIPART, multipart(field("a", "1"), field("b", "2"), field("a", "1")), {"b": "2"}, {"a": "a"}),
    ],
)
def test_attributes_that_are_given_twice_are_apart_with_their_places(
    content_type: str, body: bytes, attributes: dict[str, Any], repeated: dict[str, str]
) -> None:
    assert decode_body(body, content_type) == (attributes, content_type != JSON, repeated)


def test_attributes_of_a_query_that_are_given_twice_are_apart() -> None:
    assert decode_query("a=1&b=2&%61=3") == ({"b": "2"}, {}, {"a": "a"})
    with pytest.raises(Problem, match="__code is given twice"):
        decode_query("__code=503&__code=503")


def test_reserved_attributes_are_separate_and_without_their_prefix() -> None:
    assert decode_query("limit=1&__code=503") == ({"limit": "1"}, {"code": "503"}, {})
    assert decode_query("limit=1") == ({"limit": "1"}, {}, {})
    assert decode_query("") == ({}, {}, {})


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "multipart/Form-Data; boundary=a"]
)
def test_a_type_is_checked_before_the_body_is_there(content_type: str) -> None:
    check_type(content_type)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/jsonp"])
def test_another_type_is_refused_before_the_body_is_there(content_type: str) -> None:
    with pytest.raises(Problem) as refused:
        check_type(content_type)
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("content_type", "json"),
    [
        (JSON, True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("", False),
        (FORM, False),
        (MULTIPART, False),
        ("application/jsonp", False),
        ("text/plain; application/json", False),
    ],
)
def test_json_is_known_by_its_media_type(content_type: str, json: bool) -> None:
    assert is_json(content_type) is json


def test_json_of_very_many_attributes_is_refused_as_a_form_of_them_is() -> None:
    many = {f"a{number}": number for number in range(MAX_ATTRIBUTES + 1)}
    with pytest.raises(Problem) as refused:
        decode_body(json.dumps(many).encode(), JSON)
    with pytest.raises(Problem) as refused_form:
        decode_body("&".join(f"{name}=" for name in many).encode(), FORM)
    assert refused.value.message == refused_form.value.message == "There are more than 1000 attributes."
    many.popitem()
    assert decode_body(json.dumps(many).encode(), JSON).attributes == many


@pytest.mark.parametrize("item", ["[]", "{}", "1", '{"a":1}', "[["])
def test_json_of_very_many_parts_is_refused_before_it_is_parsed(item: str) -> None:
    with pytest.raises(Problem) as refused:
        decode_body(f'{{"a": [{",".join([item] * MAX_PARTS)}'.encode(), JSON)
    assert refused.value.status == 400
    assert refused.value.message == "The body has more than 60000 commas and opening brackets."
