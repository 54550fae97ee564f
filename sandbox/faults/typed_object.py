"""Delays and faults in JSON: objects whose ``type`` says which kind they are."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.exceptions import SCHEMA

from sandbox.faults.delay import MAX_MILLISECONDS, Delay
from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.fault import Fault
from sandbox.faults.table import DELAYS, FAULTS
from sandbox.problems import quoted
from sandbox.schemas.error_messages import error_at, nearest
from sandbox.schemas.fields import Attribute
from sandbox.schemas.loading import load

Kind = type[Delay] | type[Fault]


@cache
def schema_of(kind: Kind) -> Schema:
    """Return the schema of the attributes of ``kind``, ``type`` not among them."""
    return Schema.from_dict(dict(kind.attributes))()


def new_instance(kind: Kind, attributes: Mapping[str, Any], name: str) -> Any:
    """Return a ``kind`` with these attributes. ``name`` names it in messages ("fault").

    Raises ValidationError.
    """
    values = load(schema_of(kind), attributes, f"{name} {kind.type}")
    try:
        return kind(**values)
    except ValueError as error:
        raise ValidationError({SCHEMA: [f"{error}."]}) from None


class TypedObject(Attribute, fields.Raw):
    """An object whose ``type`` is a key of ``kinds``, and whose other attributes are those of that kind."""

    openapi_text: Mapping[str, Any] = {"type": "object"}

    def __init__(self, kinds: Mapping[str, Kind], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds = kinds
        self.expected = f"an object with a type, one of {', '.join(kinds)}"
        self.openapi = {"oneOf": [_openapi_of(kind) for kind in kinds.values()]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise self.make_error("invalid", input=value)
        kind = self.kinds.get(value["type"])
        if kind is None:
            raise error_at(["type"], _unknown_type(value["type"], list(self.kinds)))
        return new_instance(kind, {name: each for name, each in value.items() if name != "type"}, str(attr))


class DelayField(TypedObject):
    """A delay; a plain number is the ``milliseconds`` of a fixed one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(DELAYS, **kwargs)
        self.expected = f"a number of milliseconds, or {self.expected}"
        number = {"type": "number", "minimum": 0, "maximum": MAX_MILLISECONDS}
        self.openapi = {"oneOf": [number, *self.openapi["oneOf"]]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = {"type": Fixed.type, "milliseconds": value}
        return super()._deserialize(value, attr, data, **kwargs)


class FaultField(TypedObject):
    """A fault."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(FAULTS, **kwargs)


def _openapi_of(kind: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {"type": {"const": kind.type}}
    properties |= {name: dict(field.openapi_text) for name, field in kind.attributes.items()}
    required = ["type", *(name for name, field in kind.attributes.items() if field.required)]
    return {
        "type": "object",
        "description": " ".join(kind.__doc__.split()),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        **kind.openapi,
    }


def _unknown_type(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    hint = f"; did you mean {near}?" if near else "."
    return f"must be one of {', '.join(known)}, not {quoted(name)}{hint}"
