"""Attributes that are objects themselves."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema, ValidationError, validates_schema

from sandbox.schemas.error_messages import message_of
from sandbox.schemas.fields import Flag, Id
from sandbox.schemas.nested_object import MAX_TEXTS, NestedObject, Texts


class Inner(Schema):
    name = Id(required=True)
    on = Flag()

    @validates_schema(skip_on_field_errors=True)
    def _fits(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("on") and data["name"] == "off":
            raise ValidationError("off cannot be on.")


class Outer(Schema):
    match = NestedObject(Inner())
    query = Texts()


def refused(values: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as error:
        Outer().load(values)
    return message_of(error.value)


def test_a_nested_object_is_loaded_by_its_schema() -> None:
    assert Outer().load({"match": {"name": "a", "on": True}}) == {"match": {"name": "a", "on": True}}


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ({}, "match.name is missing; it must be an id"),
        ({"name": 5}, "match.name must be an id"),
        ({"name": "a", "nam": 1}, "match.nam is not an attribute of match; did you mean name?"),
        ({"name": "off", "on": True}, "match: off cannot be on."),
        ([], "match must be an object, not []."),
        ("a", 'match must be an object, not "a".'),
        (5, "match must be an object, not 5."),
        (None, "match must be an object, not null."),
    ],
)
def test_a_mistake_in_a_nested_object_is_named_with_its_place(match: Any, message: str) -> None:
    assert refused({"match": match}).startswith(message)


def test_the_errors_of_a_nested_object_are_nested_as_marshmallow_nests_them() -> None:
    with pytest.raises(ValidationError) as error:
        Outer().load({"match": {"name": "a", "on": 1}})
    assert error.value.messages == {"match": {"on": ["must be true or false, not 1."]}}


def test_a_nested_object_exposes_its_schema() -> None:
    field = Outer().fields["match"]
    assert isinstance(field, NestedObject)
    assert list(field.schema.fields) == ["name", "on"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (0, "0"),
        (1.5, "1.5"),
        (-1, "-1"),
    ],
)
def test_a_value_is_compared_as_the_text_that_a_form_would_send(value: Any, text: str) -> None:
    assert Outer().load({"query": {"a": value}}) == {"query": {"a": text}}
    assert Draft202012Validator(dict(Texts.openapi)).is_valid({"a": value})


@pytest.mark.parametrize("value", [[], "a", 5, {"a": []}, {"a": {}}, {"a": "b", "c": [1]}])
def test_texts_are_plain_values(value: Any) -> None:
    assert refused({"query": value}).startswith(
        "query must be an object of at most 1000 texts, numbers, booleans and "
    )
    assert not Draft202012Validator(dict(Texts.openapi)).is_valid(value)


def test_number_of_texts_is_bounded() -> None:
    texts = {f"a{number}": number for number in range(MAX_TEXTS)}
    validator = Draft202012Validator(dict(Texts.openapi))
    assert len(Outer().load({"query": texts})["query"]) == MAX_TEXTS == 1000
    assert validator.is_valid(texts)
    assert "at most 1000 texts" in refused({"query": texts | {"b": 1}})
    assert not validator.is_valid(texts | {"b": 1})
