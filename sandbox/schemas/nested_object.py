"""Attributes that are objects themselves."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from sandbox.schemas.error_messages import explain
from sandbox.schemas.fields import Attribute


class NestedObject(Attribute, fields.Raw):
    """An object with attributes of its own, whose mistakes are named with their place: ``match.method``."""

    has_own_messages = True
    expects = "an object"

    def __init__(self, schema: Schema, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._schema = schema
        properties = {
            name: dict(field.openapi_text)
            for name, field in schema.fields.items()
            if isinstance(field, Attribute)
        }
        self.openapi = {"type": "object", "properties": properties, "additionalProperties": False}
        self.openapi_text = self.openapi

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError(f"{attr} must be an object.")
        try:
            return self._schema.load(value, unknown=RAISE)
        except ValidationError as error:
            raise ValidationError(explain(self._schema, error, value, str(attr), f"{attr}.")) from None


class Texts(Attribute, fields.Raw):
    """An object of plain values, which are compared as the text that a form would send: ``true``, ``5``, ````."""

    expects = "an object of texts, numbers, booleans and nulls"
    openapi: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    }
    openapi_text = openapi

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict) or any(isinstance(each, dict | list) for each in value.values()):
            raise self.make_error("null")
        return {name: as_text(each) for name, each in value.items()}


def as_text(value: Any) -> str:
    """A JSON value as the text that a form would send for it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
