"""Parsing JSON: a name that is given twice in an object is refused by its place."""

import json
from typing import Any

import pytest
from marshmallow import ValidationError

from sandbox.schemas.error_messages import message_of
from sandbox.schemas.json_document import MAX_PARTS, TooLong, check_parts, parse, parse_with_repeated


@pytest.mark.parametrize(
    "document", [{}, [], None, 5, "a", {"a": 1, "b": [{"a": {"a": None}}, {"a": 2}]}, [[{"a": 1}], {"a": 1}]]
)
def test_a_document_is_what_it_encodes(document: Any) -> None:
    assert parse(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"a": 1, "b": 2, "a": 3}', "a"),
        ('{"b": 1, "a": 1, "a": 2, "b": 2}', "a"),
        ('{"clock": {"freeze": 1, "freeze": 1}}', "clock.freeze"),
        ('[{"a": 1}, {"a": 1, "a": 2}]', "[1].a"),
        ('{"list": [1, [2], {"a": [{"b": 1, "b": 2}]}]}', "list[2].a[0].b"),
        ('{"x": {"a": 1, "a": 2}, "y": {"b": 1, "b": 2}}', "x.a"),
        ('{"x": {"y": {"b": 1, "b": 2}}, "x": 1}', "x"),
        ('{"a": {"b": 1, "b": 2}, "c": 1, "c": 1}', "c"),
        ('{"a\\nb": 1, "a\\nb": 1}', "a\\nb"),
        ('{"": 1, "": 1}', '""'),
    ],
)
def test_a_name_that_is_given_twice_is_refused_by_its_place(text: str, place: str) -> None:
    with pytest.raises(ValidationError) as error:
        parse(text)
    assert message_of(error.value) == f"{place} is given twice; give it once."


def test_other_mistakes_are_those_of_the_parser() -> None:
    with pytest.raises(json.JSONDecodeError):
        parse('{"a": 1,}')
    with pytest.raises(RecursionError):
        parse("[" * 200_000)


def test_a_constant_is_for_the_caller_to_refuse() -> None:
    assert parse("Infinity") == float("inf")
    with pytest.raises(ValueError, match="NaN"):
        parse('{"a": NaN}', parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(name)


def test_all_repeated_names_are_returned_in_the_order_of_the_document() -> None:
    document, paths = parse_with_repeated('{"b": [{"c": 1, "c": 2}], "a": 1, "a": 2, "d": 1, "a": 3}')
    assert document == {"b": [{"c": 2}], "a": 3, "d": 1}
    assert [tuple(path) for path in paths] == [("a",), ("b", 0, "c")]
    assert parse_with_repeated('{"a": 1}') == ({"a": 1}, ())


def test_a_repeated_name_is_found_among_many() -> None:
    objects = ", ".join(f'{{"a": {number}, "b": 1}}' for number in range(5000))
    with pytest.raises(ValidationError) as error:
        parse(f'{{"list": [{objects}, {{"a": 1, "a": 2}}]}}')
    assert message_of(error.value).startswith("list[5000].a is given twice")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[" + ",".join("1" * MAX_PARTS) + "]", MAX_PARTS),
        ("[" + ",".join("1" * (MAX_PARTS + 1)) + "]", MAX_PARTS + 1),
        ('{"a":[' + ",".join(["{}"] * (MAX_PARTS // 2)) + "]}", MAX_PARTS + 1),
        (json.dumps({',[{"\\' * MAX_PARTS: ",[{" * MAX_PARTS}), 1),
        ('["' + "," * 2 * MAX_PARTS, 1),
    ],
)
def test_number_of_parts_is_bounded_to_the_part(text: str, parts: int) -> None:
    if parts <= MAX_PARTS:
        check_parts(text)
        check_parts("," * MAX_PARTS + text, MAX_PARTS)
    else:
        with pytest.raises(TooLong, match=r"^It has more than 60000 commas and opening brackets$"):
            check_parts(text, value="It")


def test_others_run_while_parts_are_counted() -> None:
    paused: list[int] = []
    check_parts("," * 10, pause=lambda: paused.append(1))
    assert paused == []
    with pytest.raises(TooLong):
        check_parts("," * 2 * MAX_PARTS, pause=lambda: paused.append(1))
    assert len(paused) > MAX_PARTS / 100
