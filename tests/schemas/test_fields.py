"""The attribute types: what each takes, what text becomes, and what it says would be right."""

import re
from typing import Any

import pytest
from marshmallow import ValidationError

from sandbox.schemas.fields import Attribute, Flag, Id, Timestamp, WholeNumber
from sandbox.world.clock import LATEST_TIMESTAMP

FIELDS: list[Attribute] = [Id(), Flag(), WholeNumber(1, 100), Timestamp()]


@pytest.mark.parametrize("value", ["a", "0", "_", "-", "WAz8eIbvDR60rouK", "a" * 64])
def test_an_id_is_1_to_64_letters_digits_underscores_or_hyphens(value: str) -> None:
    assert Id().deserialize(value) == value
    assert re.search(Id.openapi["pattern"], value)


@pytest.mark.parametrize("value", ["", "a" * 65, "a b", "a\n", "ä", "٣", "a.b", 1, True, 1.5, [], {}, b"a"])
def test_nothing_else_is_an_id(value: Any) -> None:
    with pytest.raises(ValidationError):
        Id().deserialize(value)


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_true_or_false(value: bool) -> None:
    assert Flag().deserialize(value) is value


@pytest.mark.parametrize("value", [1, 0, 1.0, "true", "false", "1", "", [], {}, "yes"])
def test_nothing_else_is_a_flag(value: Any) -> None:
    with pytest.raises(ValidationError):
        Flag().deserialize(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("false", False), ("0", False), ("TRUE", "TRUE"), ("", ""), ("yes", "yes")],
)
def test_text_becomes_a_flag_or_stays_what_it_is(text: str, value: Any) -> None:
    got = Flag().from_text(text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(("value", "kept"), [(1, 1), (100, 100), (50, 50), (5.0, 5)])
def test_a_whole_number_is_an_integer_within_its_bounds(value: Any, kept: int) -> None:
    got = WholeNumber(1, 100).deserialize(value)
    assert (got, type(got)) == (kept, int)


@pytest.mark.parametrize(
    "value", [0, 101, -1, 1.5, True, False, "5", "", float("inf"), float("nan"), 1e300, 10**400, [], {}]
)
def test_nothing_else_is_a_whole_number(value: Any) -> None:
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
def test_digits_become_a_number_and_other_text_stays_what_it_is(text: str, value: Any) -> None:
    got = WholeNumber(1, 100).from_text(text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize("value", [0, 1, 705103200, LATEST_TIMESTAMP])
def test_a_timestamp_is_unix_seconds_up_to_the_end_of_the_year_9999(value: int) -> None:
    assert Timestamp().deserialize(value) == value


@pytest.mark.parametrize("value", [-1, LATEST_TIMESTAMP + 1, True, "5", 0.5, "2026-01-01"])
def test_nothing_else_is_a_timestamp(value: Any) -> None:
    with pytest.raises(ValidationError):
        Timestamp().deserialize(value)


def test_the_latest_timestamp_is_the_last_second_of_9999() -> None:
    assert LATEST_TIMESTAMP == 253402300799


def test_text_that_is_no_id_or_number_is_left_to_the_one_that_refuses() -> None:
    assert Id().from_text("a b") == "a b"
    assert Timestamp().from_text("now") == "now"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_null_is_refused_unless_allowed(field: Any) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(None)


@pytest.mark.parametrize("kind", [Id, Flag, Timestamp])
def test_null_is_taken_where_it_is_allowed(kind: Any) -> None:
    assert kind(allow_none=True).deserialize(None) is None


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_every_field_says_what_would_be_right(field: Attribute) -> None:
    assert field.expects


def test_what_would_be_right_names_the_bounds() -> None:
    assert WholeNumber(1, 100).expects == "an integer from 1 to 100"
    assert WholeNumber(1, 100).openapi == {"minimum": 1, "maximum": 100}
    assert f"from 0 to {LATEST_TIMESTAMP}" in Timestamp().expects
    assert Timestamp().openapi == {"minimum": 0, "maximum": LATEST_TIMESTAMP}
    assert Flag.openapi_text["enum"] == ["true", "false", "1", "0"]
