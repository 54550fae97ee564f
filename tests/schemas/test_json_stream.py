"""Reading a JSON object while it arrives."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from sandbox.schemas.error_messages import message_of
from sandbox.schemas.json_document import MAX_PARTS, TooLong
from sandbox.schemas.json_stream import READ_BYTES, JsonStream, NotAnObject
from sandbox.world.pause import no_pause

LIMIT = 100_000


def in_pieces(body: bytes, size: int) -> Callable[[int], bytes]:
    """Return a function that returns at most ``size`` bytes of the body, as they may arrive."""
    stream = BytesIO(body)
    return lambda most: stream.read(min(most, size))


def read(body: bytes, size: int = READ_BYTES, limit: int = LIMIT) -> dict[str, Any]:
    """Return the document, whose lists are read item by item."""
    stream = JsonStream(in_pieces(body, size), no_pause)
    return {
        name: list(stream.items(limit)) if stream.is_list() else stream.value(limit)
        for name in stream.names()
    }


DOCUMENTS = [
    "{}",
    " { } ",
    '{"a": 1}',
    '{"a": -1.5e3, "b": "x", "c": null, "d": true, "e": false}',
    '{"a": [], "b": [[]], "c": [ ], "d": [1 , 2]}',
    '{"a": [{"b": [1, {"c": "]"}]}, "}", 5]}',
    '\t{\r\n"a"\t:\n[\r1\t,\n2 ]\r,"b":{"c":[]}}\n',
    '{"é€😀": "é€😀", "list": ["é", "€", "😀"]}',
    '{"a\\"b": "c\\\\", "d": "\\ud83d\\ude00"}',
    '{"a": 12345678901234567890, "b": [12345678901234567890]}',
]


@pytest.mark.parametrize("text", DOCUMENTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, READ_BYTES])
def test_document_is_the_same_however_it_arrives(text: str, size: int) -> None:
    assert read(text.encode(), size) == json.loads(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(
    document=st.dictionaries(st.text(), values, max_size=5),
    size=st.integers(1, 40),
    indent=st.none() | st.just(2),
)
def test_any_document_is_read_as_json_reads_it(
    document: dict[str, Any], size: int, indent: int | None
) -> None:
    ascii_only = any("\\ud" in json.dumps(document) for _ in "a")
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    assert read(body, size) == document


def test_byte_order_mark_is_ignored() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}', 1) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "{a: 1}",
        '{"a"}',
        '{"a" 1}',
        '{"a": }',
        '{"a": 1',
        '{"a": 1,}',
        '{"a": 1 "b": 2}',
        '{"a": 1}}',
        '{"a": 1} {}',
        '{"a": nul}',
        '{"a": [1 2]}',
        '{"a": [1,]}',
        '{"a": [1',
        '{"a": ["b',
        '{"a": "\n"}',
        '{"a": "\\x"}',
        '{\n "a": 1,\n "b": [1,\n  2,\n  x]}',
        '{\n "é😀": [1,\n  "é😀", x]}',
        '{"a": 01}',
        '{"a": 1.}',
        "{,}",
        "[",
        "nul",
    ],
)
@pytest.mark.parametrize("size", [1, 3, READ_BYTES])
def test_mistake_is_reported_where_json_reports_it(text: str, size: int) -> None:
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as error:
        read(text.encode(), size)
    # Versions of Python differ in how they report a comma before the end.
    if ",]" not in text and ",}" not in text and "{," not in text:
        assert (error.value.lineno, error.value.colno) == (expected.value.lineno, expected.value.colno)
        assert error.value.msg == expected.value.msg


@pytest.mark.parametrize("text", ["[]", "[1, 2]", "5", "null", '"a"'])
def test_other_documents_are_not_objects(text: str) -> None:
    with pytest.raises(NotAnObject):
        read(text.encode())


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": [Infinity]}', '{"a": ' + "1" * 5000 + "}"])
def test_numbers_that_are_not_json_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read(text.encode())


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(RecursionError):
        read(b'{"a": ' + b"[" * 90_000)
    with pytest.raises(RecursionError):
        read(b'{"a": [' + b'{"a":' * 15_000)


@pytest.mark.parametrize("size", [1, READ_BYTES])
@pytest.mark.parametrize("body", [b'{"a": "\xff"}', b'{"a": "\xc3', b'\xff{"a": 1}', b'{"a": 1}\xff'])
def test_body_that_is_not_utf_8_is_refused(body: bytes, size: int) -> None:
    with pytest.raises(UnicodeDecodeError):
        read(body, size)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {"b": 1, "b": 2}}', "a.b is given twice; give it once."),
        ('{"a": [{}, {"b": [{"c": 1, "c": 2}]}]}', "a[1].b[0].c is given twice; give it once."),
    ],
)
def test_name_that_is_given_twice_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        read(text.encode())
    assert message_of(error.value) == message


@pytest.mark.parametrize("size", [1000, READ_BYTES])
@pytest.mark.parametrize(("length", "fits"), [(999, True), (1000, True), (1001, False), (5_000_000, False)])
def test_length_of_a_value_is_limited(length: int, fits: bool, size: int) -> None:
    text = '"' + "x" * (length - 2) + '"'
    for body in (f'{{"a": {text}}}', f'{{"a": [1, {text}]}}'):
        if fits:
            assert read(body.encode(), size, limit=1000)["a"] in (text[1:-1], [1, text[1:-1]])
        else:
            with pytest.raises(TooLong, match="more than 1000 characters"):
                read(body.encode(), size, limit=1000)


def test_list_may_be_longer_than_the_limit_of_its_items() -> None:
    items = ["x" * 90] * 5_000
    assert read(json.dumps({"a": items}).encode(), limit=100) == {"a": items}


def test_no_more_is_read_than_is_needed() -> None:
    pieces = [b'{"a": [1, 2,', b" 3], ", b'"b": 1}', b""]
    stream = JsonStream(lambda _: pieces.pop(0), no_pause)
    names = stream.names()
    assert next(names) == "a"
    items = stream.items(LIMIT)
    assert (next(items), next(items)) == (1, 2)
    assert len(pieces) == 3
    assert next(items) == 3
    assert len(pieces) == 2


def test_others_run_after_every_piece_and_before_every_item() -> None:
    paused: list[int] = []
    body = b'{"a": [' + b",".join([b"1"] * 100) + b"]}" + b" " * 1_000_000
    stream = JsonStream(in_pieces(body, READ_BYTES), lambda: paused.append(1))
    for _ in stream.names():
        list(stream.items(LIMIT))
    assert len(paused) >= 100 + len(body) // READ_BYTES


@pytest.mark.parametrize("item", ["[]", "{}", "1", '{"":1}', "[["])
def test_value_of_very_many_parts_is_refused_before_its_end(item: str) -> None:
    body = f'{{"a": [[{",".join([item] * 2 * MAX_PARTS)}'.encode()
    unread = BytesIO(body)
    stream = JsonStream(unread.read, no_pause)
    for _ in stream.names():
        with pytest.raises(TooLong, match=f"more than {MAX_PARTS} commas and opening brackets"):
            list(stream.items(len(body)))
        break
    assert unread.read(1) or len(item) == 1


def test_long_texts_may_have_any_number_of_commas_and_brackets() -> None:
    text = ',[{"\\' * MAX_PARTS
    assert read(json.dumps({"a": [text], "b": text}).encode(), limit=10 * MAX_PARTS) == {
        "a": [text],
        "b": text,
    }


def test_many_items_behind_a_long_one_are_no_part_of_it() -> None:
    document = {"a": ["x" * 8 * MAX_PARTS, *([[1]] * 2 * MAX_PARTS)]}
    assert read(json.dumps(document).encode(), limit=10 * MAX_PARTS) == document
