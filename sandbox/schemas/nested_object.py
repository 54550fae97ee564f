"""Attributes that are objects themselves."""

from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any

from marshmallow import fields

from sandbox.schemas.canonical_text import Fields, canonical_json, canonical_text
from sandbox.schemas.fields import Attribute, is_text
from sandbox.schemas.loading import load

MAX_TEXTS = 1000
"""The most attributes that a rule compares: a query or a form has no more."""


class NestedObject(Attribute, fields.Nested):
    """An object with attributes of its own, those of ``schema``."""

    expected = "an object"
    openapi: Mapping[str, Any] = {}
    openapi_text: Mapping[str, Any] = {"type": "object"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, *args: Any, **kwargs: Any) -> Any:
        return load(self.schema, value, str(attr))


class Texts(Attribute, fields.Raw):
    """An object of plain values, which are loaded as their canonical texts: ``true``, ``5``.

    ``known`` are the fields of attributes that are no plain texts.
    """

    expected = f"an object of at most {MAX_TEXTS} texts, numbers, booleans and nulls"
    openapi: Mapping[str, Any] = {
        "type": "object",
        "maxProperties": MAX_TEXTS,
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    }
    openapi_text = openapi

    def __init__(self, known: Fields = MappingProxyType({}), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known = known

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict) or len(value) > MAX_TEXTS:
            raise self.make_error("invalid", input=value)
        if not all(map(_is_plain, (*value, *value.values()))):
            raise self.make_error("invalid", input=value)
        return {name: _text(each, self.known.get(name)) for name, each in value.items()}


def _text(value: Any, field: fields.Field[Any] | None) -> str:
    # The attribute of a rule may be written as in JSON or as in a form.
    return canonical_text(canonical_json(value, field) or "", field)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return is_text(value)
    # 1e999 is a number in JSON, and infinite in Python.
    return isfinite(value) if isinstance(value, float) else not isinstance(value, dict | list)
