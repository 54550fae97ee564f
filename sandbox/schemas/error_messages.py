"""Saying what is wrong with attributes: by name, with what would be right, and the nearest documented name."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.exceptions import SCHEMA

from sandbox.problems import quoted, shortened
from sandbox.schemas.fields import Attribute

MAX_EXPLAINED = 5
"""So many mistakes are explained in one message."""


def explain(
    schema: Schema, error: ValidationError, values: Mapping[str, Any], place: str, prefix: str = ""
) -> str:
    """One sentence for each mistake, in the order in which marshmallow found them.

    ``place`` is what the attributes belong to ("this query"), ``prefix`` where they stand ("conversations[3].").
    """
    assert isinstance(error.messages, dict)
    sentences = [
        _sentence(schema, name, said, values, place, prefix) for name, said in error.messages.items()
    ]
    return " ".join(sentences[:MAX_EXPLAINED])


def _sentence(
    schema: Schema, name: str, said: Any, values: Mapping[str, Any], place: str, prefix: str
) -> str:
    if name == SCHEMA and SCHEMA not in values:
        return (f"{place}: " if prefix else "") + " ".join(said)
    field: Any = schema.fields.get(name)
    if not isinstance(field, Attribute):
        return _unknown(schema, name, place, prefix)
    if field.has_own_messages and values.get(name) is not None:
        return prefix + " ".join(said)
    if name not in values:
        return f"{prefix}{name} is missing; it must be {field.expects}."
    return f"{prefix}{name} must be {field.expects}, not {quoted(values[name])}."


def _unknown(schema: Schema, name: str, place: str, prefix: str) -> str:
    known = list(schema.fields)
    shown = prefix + shortened(str(name))
    if not known:
        return f"{shown} is not known here: there are no attributes in {place}."
    near = get_close_matches(str(name).lower(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
    return f"{shown} is not an attribute of {place}; {hint}"
