"""Attributes that are objects themselves."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema, ValidationError, validates_schema

from sandbox.schemas.fields import Flag, Id
from sandbox.schemas.nested_object import NestedObject, Texts, as_text


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
    messages = error.value.messages
    assert isinstance(messages, dict)
    ((sentence,),) = messages.values()
    assert isinstance(sentence, str)
    return sentence


def test_a_part_is_what_its_schema_makes_of_it() -> None:
    assert Outer().load({"match": {"name": "a", "on": True}}) == {"match": {"name": "a", "on": True}}


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({}, "match.name is missing; it must be an id"),
        ({"name": 5}, "match.name must be an id"),
        ({"name": "a", "nam": 1}, "match.nam is not an attribute of match; did you mean name?"),
        ({"name": "off", "on": True}, "off cannot be on."),
        ([], "match must be an object"),
        ("a", "match must be an object"),
        (5, "match must be an object"),
    ],
)
def test_a_mistake_in_a_part_is_named_with_its_place(match: Any, said: str) -> None:
    assert said in refused({"match": match})


def test_a_part_documents_its_attributes() -> None:
    validator = Draft202012Validator(NestedObject(Inner()).openapi)
    assert validator.is_valid({"name": "a"})
    assert not validator.is_valid({"name": "a", "unknown": 1})
    assert not validator.is_valid({"name": "a b"})
    assert not validator.is_valid([])


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
    assert as_text(value) == text
    assert Outer().load({"query": {"a": value}}) == {"query": {"a": text}}
    assert Draft202012Validator(dict(Texts.openapi)).is_valid({"a": value})


@pytest.mark.parametrize("value", [[], "a", 5, {"a": []}, {"a": {}}, {"a": "b", "c": [1]}])
def test_texts_are_plain_values(value: Any) -> None:
    with pytest.raises(ValidationError):
        Outer().load({"query": value})
    assert not Draft202012Validator(dict(Texts.openapi)).is_valid(value)
