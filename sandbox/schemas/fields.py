"""The attribute types of the API.

Each type knows three things: what it accepts from JSON (``_deserialize``), how text from a form or a query
becomes a JSON value (``from_text``), and how it says what would be right (``expects``). Text that does not
fit is left as it is, so that there is one place that refuses and one wording.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from sandbox.world.clock import LATEST_TIMESTAMP

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def is_id(text: str) -> bool:
    """Whether ``text`` may be an id."""
    return _ID.fullmatch(text) is not None


class Attribute:
    """What the field types have in common; mixed into a marshmallow field.

    ``expects`` is the end of "… must be". ``openapi`` holds the JSON Schema keywords that marshmallow does not know
    of, ``openapi_text`` the whole JSON Schema of the text that stands for a value in a form.
    """

    expects: str
    openapi: Mapping[str, Any]
    openapi_text: Mapping[str, Any]
    has_own_messages = False
    """Whether the errors of this field are whole sentences already, because they are about something inside it."""

    def from_text(self, text: str) -> Any:
        """The JSON value that ``text`` stands for in a form or a query, or ``text`` where it stands for none."""
        return text


class Id(Attribute, fields.String):
    """An id: 1 to 64 of ``A-Za-z0-9_-``. The documented ones have 16 of ``A-Za-z0-9``."""

    expects = "an id: 1 to 64 letters, digits, _ or -"
    openapi = {"pattern": "^[A-Za-z0-9_-]{1,64}$", "minLength": 1, "maxLength": 64}
    openapi_text = {"type": "string", **openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self.make_error("invalid")
        return value


class Flag(Attribute, fields.Boolean):
    """A boolean: ``true`` or ``false`` in JSON; ``true``, ``false``, ``1`` or ``0`` as text."""

    expects = "true or false"
    openapi: Mapping[str, Any] = {}
    openapi_text = {"type": "string", "enum": [*_FLAGS]}

    def from_text(self, text: str) -> Any:
        return _FLAGS.get(text, text)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class WholeNumber(Attribute, fields.Integer):
    """An integer from ``lowest`` to ``highest``, both included."""

    def __init__(self, lowest: int, highest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lowest = lowest
        self.highest = highest
        self.expects = f"an integer from {lowest} to {highest}"
        self.openapi = {"minimum": lowest, "maximum": highest}
        self.openapi_text = {"type": "integer", **self.openapi}

    def from_text(self, text: str) -> Any:
        return int(text) if _DIGITS.fullmatch(text) else text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        # JSON has one kind of number: 5.0 is the integer 5 there. true is no number.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        if not self.lowest <= value <= self.highest:
            raise self.make_error("invalid")
        return value


class Timestamp(WholeNumber):
    """A point in time in Unix seconds, from 0 to the end of the year 9999."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, LATEST_TIMESTAMP, **kwargs)
        self.expects = f"Unix seconds, an integer from 0 to {LATEST_TIMESTAMP}"


class Number(Attribute, fields.Float):
    """A number from ``lowest`` to ``highest``, both included, fractions allowed."""

    def __init__(self, lowest: float, highest: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lowest = lowest
        self.highest = highest
        self.expects = f"a number from {lowest} to {highest}"
        self.openapi = {"minimum": lowest, "maximum": highest}
        self.openapi_text = {"type": "number", **self.openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        if not self.lowest <= value <= self.highest:
            raise self.make_error("invalid")
        return float(value)


class Choice(Attribute, fields.String):
    """One of some words."""

    def __init__(self, words: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = frozenset(words)
        self.expects = f"one of {', '.join(words)}"
        self.openapi = {"enum": list(words)}
        self.openapi_text = {"type": "string", **self.openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise self.make_error("invalid")
        return value


class Name(Attribute, fields.String):
    """A short text that is not empty."""

    expects = "a text of 1 to 200 characters"
    openapi: Mapping[str, Any] = {"minLength": 1, "maxLength": 200}
    openapi_text = {"type": "string", **openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > 200:
            raise self.make_error("invalid")
        return value


class Items(Attribute, fields.Raw):
    """A list whose items are looked at by whoever takes them."""

    default_error_messages = {"invalid": "Not a list."}
    expects = "a list"
    openapi: Mapping[str, Any] = {"type": "array"}
    openapi_text = openapi

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return value
