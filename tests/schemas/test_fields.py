"""The attribute types: the values that each accepts, the conversion of text, and the messages."""

import re
from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from sandbox.schemas.fields import (
    MAX_INT32,
    Attribute,
    Flag,
    Id,
    IdList,
    Name,
    Timestamp,
    WholeNumber,
)
from sandbox.world.clock import LATEST_TIMESTAMP

FIELDS: list[Attribute] = [Id(), Flag(), WholeNumber(1, 100), Timestamp()]


@pytest.mark.parametrize("value", ["a", "0", "_", "-", "WAz8eIbvDR60rouK", "a" * 64])
def test_an_id_is_1_to_64_letters_digits_underscores_or_hyphens(value: str) -> None:
    assert Id().deserialize(value) == value
    assert re.search(Id.openapi["pattern"], value)


@pytest.mark.parametrize("value", ["", "a" * 65, "a b", "a\n", "ä", "٣", "a.b", 1, True, 1.5, [], {}, b"a"])
def test_other_values_are_not_ids(value: Any) -> None:
    with pytest.raises(ValidationError):
        Id().deserialize(value)


@pytest.mark.parametrize("value", ["a", " a ", "é", "\x00", "\x1b", "\u200b", "a" * 200])
def test_a_name_is_1_to_200_characters_that_are_not_all_spaces(value: str) -> None:
    assert Name().deserialize(value) == value
    assert re.search(Name.openapi["pattern"], value)


# Only ECMAScript takes U+FEFF for a space, and only Python the others between U+001C and U+0085.
@pytest.mark.parametrize(
    "value", ["", " ", "\t\n", "\x1c", "\x1f", "\x85", "\xa0", "\u2003", "\ufeff", "\x1f\ufeff"]
)
def test_spaces_of_any_dialect_of_regular_expressions_are_no_name(value: str) -> None:
    with pytest.raises(ValidationError):
        Name().deserialize(value)
    assert not re.search(Name.openapi["pattern"], value)


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_true_or_false(value: bool) -> None:
    assert Flag().deserialize(value) is value


@pytest.mark.parametrize("value", [1, 0, 1.0, "true", "false", "1", "", [], {}, "yes"])
def test_other_values_are_not_flags(value: Any) -> None:
    with pytest.raises(ValidationError):
        Flag().deserialize(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("false", False), ("0", False), ("TRUE", "TRUE"), ("", ""), ("yes", "yes")],
)
def test_text_is_converted_to_a_flag_or_left_as_it_is(text: str, value: Any) -> None:
    got = Flag().from_text(text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(("value", "kept"), [(1, 1), (100, 100), (50, 50), (5.0, 5)])
def test_a_whole_number_is_an_integer_within_its_bounds(value: Any, kept: int) -> None:
    got = WholeNumber(1, 100).deserialize(value)
    assert (got, type(got)) == (kept, int)


@pytest.mark.parametrize(
    "value", [0, 101, -1, 1.5, True, False, "5", "", float("inf"), float("nan"), 1e300, 10**400, [], {}]
)
def test_other_values_are_not_whole_numbers(value: Any) -> None:
    with pytest.raises(ValidationError):
        WholeNumber(1, 100).deserialize(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("0", 0),
        ("101", 101),
        ("-1", "-1"),
        ("1.5", "1.5"),
        ("5.0", "5.0"),
        ("+5", "+5"),
        (" 5", " 5"),
        ("5\n", "5\n"),
        ("1_0", "1_0"),
        ("٣", "٣"),
        ("", ""),
        ("9" * 5000, "9" * 5000),
    ],
    ids=lambda part: ascii(part)[:20],
)
def test_digits_are_converted_to_a_number_and_other_text_is_left_as_it_is(text: str, value: Any) -> None:
    got = WholeNumber(1, 100).from_text(text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize("value", [0, 1, 705103200, LATEST_TIMESTAMP])
def test_a_timestamp_is_unix_seconds_up_to_the_end_of_the_year_9999(value: int) -> None:
    assert Timestamp().deserialize(value) == value


@pytest.mark.parametrize("value", [-1, LATEST_TIMESTAMP + 1, True, "5", 0.5, "2026-01-01"])
def test_other_values_are_not_timestamps(value: Any) -> None:
    with pytest.raises(ValidationError):
        Timestamp().deserialize(value)


def test_the_latest_timestamp_is_the_last_second_of_9999() -> None:
    assert LATEST_TIMESTAMP == 253402300799


def test_text_that_cannot_be_converted_is_left_as_it_is() -> None:
    assert Id().from_text("a b") == "a b"
    assert Timestamp().from_text("now") == "now"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_null_is_refused_by_default(field: Any) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(None)


@pytest.mark.parametrize("kind", [Id, Flag, Timestamp])
def test_null_is_accepted_where_it_is_allowed(kind: Any) -> None:
    assert kind(allow_none=True).deserialize(None) is None


class Document(Schema):
    value = WholeNumber(1, 100, required=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "is missing; it must be an integer from 1 to 100."),
        ({"value": None}, "must be an integer from 1 to 100, not null."),
        ({"value": "a"}, 'must be an integer from 1 to 100, not "a".'),
        ({"value": {"{input}": []}}, 'must be an integer from 1 to 100, not {"{input}": []}.'),
        ({"value": 101.0}, "must be an integer from 1 to 100, not 101.0."),
    ],
)
def test_a_message_describes_the_valid_values_and_repeats_the_invalid_one(
    values: dict[str, Any], message: str
) -> None:
    assert Document().validate(values) == {"value": [message]}


def test_a_missing_attribute_may_be_null_where_that_is_allowed() -> None:
    class Nullable(Schema):
        value = Id(required=True, allow_none=True)

    assert Nullable().validate({}) == {
        "value": ["is missing; it must be an id: 1 to 64 letters, digits, _ or -, or null."]
    }


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_every_field_describes_its_valid_values(field: Attribute) -> None:
    assert field.expected


def test_the_bounds_are_described_and_documented() -> None:
    assert WholeNumber(1, 100).expected == "an integer from 1 to 100"
    assert WholeNumber(1, 1).expected == "1"
    assert WholeNumber(1, 100).openapi == {"minimum": 1, "maximum": 100}
    assert f"from 0 to {LATEST_TIMESTAMP}" in Timestamp().expected
    assert Timestamp().openapi == {"minimum": 0, "maximum": LATEST_TIMESTAMP, "format": "int64"}
    assert WholeNumber(0, MAX_INT32).openapi == {"minimum": 0, "maximum": MAX_INT32}
    assert Flag.openapi_text["enum"] == ["true", "false", "1", "0"]


@pytest.mark.parametrize("value", [[], ["a"], ["a", "b", "a"]])
def test_an_id_list_is_a_list_of_ids(value: list[str]) -> None:
    assert IdList().deserialize(value) == value


@pytest.mark.parametrize("value", ["a", {}, None, 5])
def test_an_id_list_is_a_list(value: Any) -> None:
    with pytest.raises(ValidationError, match="must be a list, not "):
        IdList().deserialize(value)


@pytest.mark.parametrize("item", [None, 5, "a b", []])
def test_the_first_item_of_an_id_list_that_is_not_an_id_is_refused_by_its_index(item: Any) -> None:
    with pytest.raises(ValidationError) as error:
        IdList().deserialize(["a", item, "b c"])
    assert isinstance(error.value.messages, dict)
    ((index, (message,)),) = error.value.messages.items()
    assert index == 1
    assert message.startswith("must be an id: ")
