"""Saying what is wrong: by name, with what would be right, and the nearest documented name."""

from typing import Any

import pytest
from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from sandbox.schemas.arguments import NoArguments
from sandbox.schemas.error_messages import MAX_EXPLAINED, explain
from sandbox.schemas.fields import Attribute, Flag, Id, Items, WholeNumber


class Own(Attribute, fields.Raw):
    """Its errors are sentences already."""

    has_own_messages = True
    expects = "something of its own"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        raise ValidationError("own is wrong inside.")


class Example(Schema):
    contact_id = Id(required=True)
    is_muted = Flag()
    limit = WholeNumber(1, 100)
    many = Items()
    own = Own()

    @validates_schema(skip_on_field_errors=True)
    def _together(self, data: dict[str, Any], **_: Any) -> None:
        if "limit" in data:
            raise ValidationError("limit and contact_id do not go together.")


class Many(Schema):
    a = Flag(required=True)
    b = Flag(required=True)
    c = Flag(required=True)
    d = Flag(required=True)
    e = Flag(required=True)
    f = Flag(required=True)


def said(values: dict[str, Any], schema: Schema | None = None, prefix: str = "") -> str:
    schema = schema or Example()
    with pytest.raises(ValidationError) as error:
        schema.load(values, unknown=RAISE)
    return explain(schema, error.value, values, "this body", prefix)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "contact_id is missing; it must be an id: 1 to 64 letters, digits, _ or -."),
        ({"contact_id": 5}, "contact_id must be an id: 1 to 64 letters, digits, _ or -, not 5."),
        ({"contact_id": None}, "contact_id must be an id: 1 to 64 letters, digits, _ or -, not null."),
        ({"contact_id": "a", "is_muted": "yes"}, 'is_muted must be true or false, not "yes".'),
        ({"contact_id": "a", "many": {"b": [1]}}, 'many must be a list, not {"b": [1]}.'),
        ({"contact_id": "a", "limit": 5}, "limit and contact_id do not go together."),
        ({"contact_id": "a", "own": 1}, "own is wrong inside."),
        ({"contact_id": "a", "own": None}, "own must be something of its own, not null."),
        (
            {"contact_id": "a", "is_mutd": True},
            "is_mutd is not an attribute of this body; did you mean is_muted?",
        ),
        (
            {"contact_id": "a", "LIMIT": 1},
            "LIMIT is not an attribute of this body; did you mean limit?",
        ),
        (
            {"contact_id": "a", "zzz": 1},
            "zzz is not an attribute of this body; known are contact_id, is_muted, limit, many, own.",
        ),
        (
            {"contact_id": "a", "_schema": 1},
            "_schema is not an attribute of this body; known are contact_id, is_muted, limit, many, own.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    assert said(values) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "data[3].contact_id is missing; it must be"),
        ({"contact_id": 5}, "data[3].contact_id must be"),
        ({"contact_id": "a", "is_mutd": 1}, "data[3].is_mutd is not an attribute of this body"),
        ({"contact_id": "a", "own": 1}, "data[3].own is wrong inside."),
        ({"contact_id": "a", "limit": 5}, "this body: limit and contact_id do not go together."),
    ],
)
def test_a_prefix_says_where_it_stands(values: dict[str, Any], sentence: str) -> None:
    assert said(values, prefix="data[3].").startswith(sentence)


def test_several_mistakes_are_several_sentences_and_not_without_end() -> None:
    message = said({"is_muted": 1, "limit": 0})
    assert message.count(" must be ") == 3
    assert said({}, Many()).count(" is missing; ") == MAX_EXPLAINED == 5


def test_where_nothing_is_known_that_is_said() -> None:
    assert said({"a": 1}, NoArguments()) == "a is not known here: there are no attributes in this body."


def test_what_is_long_is_not_repeated_whole() -> None:
    assert len(said({"contact_id": "a" * 10_000})) < 200
    assert len(said({"contact_id": "a", "b" * 10_000: 1})) < 300
    assert len(said({"contact_id": ["a"] * 10_000})) < 200
