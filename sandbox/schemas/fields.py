"""The attribute types of the API.

Each type validates JSON values (``_deserialize``), converts text of a form or a query to a JSON value (``from_text``),
and describes the valid values (``expected``). Text that cannot be converted is left as it is, so that it is refused
in one place and in one wording.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields, missing
from marshmallow.utils import get_value

from sandbox.problems import quoted
from sandbox.world.clock import LATEST_TIMESTAMP

MAX_KEY_LENGTH = 255
"""Largest number of characters of an idempotency key, as for Stripe."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_SURROGATE = re.compile("[\ud800-\udfff]")
MAX_INT32 = 2**31 - 1
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def is_id(text: str) -> bool:
    """Return True if ``text`` is a valid id."""
    return _ID.fullmatch(text) is not None


def is_text(value: str) -> bool:
    r"""Return True if ``value`` is text. A string of JSON may hold half a character (``\ud800``), which is not."""
    return value.isascii() or not _SURROGATE.search(value)


class Attribute(fields.Field[Any]):
    """Base of the attribute types; mixed into a marshmallow field.

    ``expected`` describes the valid values and completes "must be …". ``openapi`` holds the JSON Schema keywords that
    apispec does not derive from the marshmallow field, ``openapi_text`` the whole JSON Schema of the text that stands
    for a value in a form, and ``openapi_clearing_text`` that of a nullable attribute, which an empty text clears.

    Error messages are predicates ("must be …"); the place that they belong to is put before them later.
    """

    default_error_messages = {
        "required": "is missing; it must be {expected}.",
        "null": "must be {expected}, not null.",
        "invalid": "must be {expected}, not {input}.",
    }
    expected: str
    openapi: Mapping[str, Any]
    openapi_text: Mapping[str, Any]

    @property
    def openapi_clearing_text(self) -> Mapping[str, Any]:
        """The JSON Schema of the text of a nullable attribute in a form."""
        return {"anyOf": [self.openapi_text, {"type": "string", "maxLength": 0}]}

    def from_text(self, text: str) -> Any:
        """Return the JSON value of ``text`` from a form or a query, or ``text`` if it cannot be converted."""
        return text

    def serialize(
        self,
        attr: str,
        obj: Any,
        accessor: Callable[[Any, str, Any], Any] | None = None,
        **_: Any,
    ) -> Any:
        """Return the value of ``attr`` as it is: the values of these types are JSON values, and were validated."""
        return (accessor or get_value)(obj, attr, missing)

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Return the error with the message of ``key``; ``input`` is the value that is refused."""
        if "input" in kwargs:
            kwargs["input"] = quoted(kwargs["input"])
        expected = f"{self.expected}, or null" if key == "required" and self.allow_none else self.expected
        return super().make_error(key, expected=expected, **kwargs)


class Id(Attribute, fields.String):
    """An id: 1 to 64 of ``A-Za-z0-9_-``. The documented ones have 16 of ``A-Za-z0-9``."""

    expected = "an id: 1 to 64 letters, digits, _ or -"
    openapi = {"pattern": "^[A-Za-z0-9_-]{1,64}$", "minLength": 1, "maxLength": 64}
    openapi_text = {"type": "string", **openapi}
    # One type and no union, of which generators would make a class.
    openapi_clearing_text = {"type": "string", "pattern": "^[A-Za-z0-9_-]{0,64}$", "maxLength": 64}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return value


class NameOfWorld(Id):
    """The name of a world, whose syntax is that of an id: it is a part of a path, a header and a cookie."""

    expected = "1 to 64 letters, digits, _ or -"


class Flag(Attribute, fields.Boolean):
    """A boolean: ``true`` or ``false`` in JSON; ``true``, ``false``, ``1`` or ``0`` as text."""

    expected = "true or false"
    openapi: Mapping[str, Any] = {}
    openapi_text = {"type": "string", "enum": [*_FLAGS]}

    def from_text(self, text: str) -> Any:
        return _FLAGS.get(text, text)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class WholeNumber(Attribute, fields.Integer):
    """An integer from ``minimum`` to ``maximum``, both included."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum = minimum
        self.maximum = maximum
        self.expected = f"an integer from {minimum} to {maximum}" if minimum < maximum else str(minimum)
        self.openapi: dict[str, Any] = {"minimum": minimum, "maximum": maximum}
        if maximum > MAX_INT32:
            # Without it, generators for Java and Go take a type of 32 bits, and read no time after 2038.
            self.openapi["format"] = "int64"
        self.openapi_text = {"type": "integer", **self.openapi}

    def from_text(self, text: str) -> Any:
        return int(text) if _DIGITS.fullmatch(text) else text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        # JSON has one number type, so 5.0 is the integer 5. In Python, True is an integer too.
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(number, bool) or not isinstance(number, int):
            raise self.make_error("invalid", input=value)
        if not self.minimum <= number <= self.maximum:
            raise self.make_error("invalid", input=value)
        return number


class Timestamp(WholeNumber):
    """A point in time in Unix seconds, from 0 to the end of the year 9999."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, LATEST_TIMESTAMP, **kwargs)
        self.expected = f"Unix seconds, an integer from 0 to {LATEST_TIMESTAMP}"


class Number(Attribute, fields.Float):
    """A number from ``minimum`` to ``maximum``, both included, fractions allowed."""

    def __init__(self, minimum: float, maximum: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum = minimum
        self.maximum = maximum
        self.expected = f"a number from {minimum} to {maximum}"
        self.openapi = {"minimum": minimum, "maximum": maximum}
        self.openapi_text = {"type": "number", **self.openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        if not self.minimum <= value <= self.maximum:
            raise self.make_error("invalid", input=value)
        return float(value)


class Choice(Attribute, fields.String):
    """One of several words."""

    def __init__(self, words: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = frozenset(words)
        self.expected = f"one of {', '.join(words)}"
        self.openapi = {"enum": list(words)}
        self.openapi_text = {"type": "string", **self.openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise self.make_error("invalid", input=value)
        return value


class Name(Attribute, fields.String):
    """A text of 1 to 200 characters that is not blank."""

    expected = "a text of 1 to 200 characters"
    # Regular expressions differ in which characters are spaces. This one has those of Python and of ECMAScript.
    _visible = re.compile(r"[^\s\x1c-\x1f\x85\ufeff]")
    openapi: Mapping[str, Any] = {"minLength": 1, "maxLength": 200, "pattern": _visible.pattern}
    openapi_text = {"type": "string", **openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if (
            not isinstance(value, str)
            or not is_text(value)
            or len(value) > 200
            or not self._visible.search(value)
        ):
            raise self.make_error("invalid", input=value)
        return value


class IdempotencyKey(Attribute, fields.String):
    """The key of a create, a text of the client's choice. It is opaque: quotes are a part of it."""

    expected = f"a text of 1 to {MAX_KEY_LENGTH} characters"
    openapi: Mapping[str, Any] = {"minLength": 1, "maxLength": MAX_KEY_LENGTH}
    openapi_text = {"type": "string", **openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not is_text(value) or not 1 <= len(value) <= MAX_KEY_LENGTH:
            raise self.make_error("invalid", input=value)
        return value


class LastId(Attribute, fields.String):
    """The id of the last entry of the journal that a client has, or an empty text: it has none."""

    expected = "the id of a call, a text of up to 200 characters"
    openapi: Mapping[str, Any] = {"maxLength": 200}
    openapi_text = {"type": "string", **openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or len(value) > 200:
            raise self.make_error("invalid", input=value)
        return value


class IdList(Attribute, fields.List[str]):
    """A list of ids, at most ``max_items`` (None: no limit). The first that is not an id is refused by its index."""

    openapi_text = {"type": "array", "items": Id.openapi_text}

    def __init__(self, max_items: int | None = None, **kwargs: Any) -> None:
        super().__init__(Id(), **kwargs)
        self.max_items = max_items
        self.expected = "a list" if max_items is None else f"a list of at most {max_items} ids"
        self.openapi = {} if max_items is None else {"maxItems": max_items}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, list) or (self.max_items is not None and len(value) > self.max_items):
            raise self.make_error("invalid", input=value)
        for index, item in enumerate(value):
            try:
                self.inner.deserialize(item)
            except ValidationError as error:
                raise ValidationError({index: error.messages}) from None
        return value
