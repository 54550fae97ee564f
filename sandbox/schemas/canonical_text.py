"""The canonical text of an attribute: the same for all texts that the API reads as the same value.

``1`` and ``true`` are the same value of a boolean attribute, and have the canonical text ``true``.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow.fields import Field

from sandbox.schemas.arguments import CreateConversation, ListConversations, UpdateConversation
from sandbox.schemas.fields import Attribute, WholeNumber

Fields = Mapping[str, Field[Any]]

QUERY_FIELDS: Fields = ListConversations().fields
"""The attributes of all queries of the API."""
BODY_FIELDS: Fields = {**CreateConversation().fields, **UpdateConversation().fields}
"""The attributes of all bodies of the API."""


def canonical_text(text: str, field: Field[Any] | None) -> str:
    """Return the canonical text of a value of ``field`` in a query or a form. Without a field, ``text`` is that."""
    return as_text(field.from_text(text)) if isinstance(field, Attribute) else text


def canonical_texts(texts: Mapping[str, str], fields: Fields) -> Mapping[str, str]:
    """Return the attributes of a query or a form with their canonical texts."""
    return {name: canonical_text(text, fields.get(name)) for name, text in texts.items()}


def canonical_json(value: Any, field: Field[Any] | None) -> str | None:
    """Return the canonical text of a JSON value of ``field``; None for an object or a list, which have no text."""
    if isinstance(value, dict | list):
        return None
    if isinstance(field, WholeNumber) and isinstance(value, float) and value.is_integer():
        value = int(value)
    return as_text(value)


def as_text(value: Any) -> str:
    """Return the text that a form would send for a JSON value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
