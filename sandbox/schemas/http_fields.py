"""Attributes that are parts of an HTTP response."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import ValidationError, fields

from sandbox.problems import JSON_TYPE, quoted
from sandbox.schemas.error_messages import error_at
from sandbox.schemas.fields import Attribute, WholeNumber
from sandbox.schemas.http_date import is_http_date

MAX_HEADERS = 50
MAX_HEADER_BYTES = 8192
MAX_BODY_BYTES = 65_536
"""The bounds of what a response may be told to contain, in number and in bytes of UTF-8."""

TEXT_TYPE = "text/plain; charset=utf-8"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_CONTROLS = r"\x00-\x1f\x7f-\x9f"
_CONTROL = re.compile(f"[{_CONTROLS}]")
_FRAMING = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OWN = ("access-control-", "date", "x-request-id", "x-sandbox-")


def _in_any_case(words: Iterable[str]) -> str:
    """Return a regular expression for any of ``words``. Those of JSON Schema cannot ignore case."""
    return "|".join(
        re.sub("[a-z]", lambda letter: f"[{letter[0].upper()}{letter[0]}]", word) for word in words
    )


_NAME_PATTERN = f"^(?!(?:{_in_any_case(sorted(_FRAMING))})$|{_in_any_case(_OWN)}){_TOKEN.pattern}$"
_VALUE_PATTERN = rf"^(?:[^\s{_CONTROLS}](?:[^{_CONTROLS}]*[^\s{_CONTROLS}])?)?$"


class RetryAfter(Attribute, fields.Raw):
    """The value of ``Retry-After``: seconds or an HTTP date. Loaded as the text of the header."""

    _seconds = WholeNumber(0, 86_400)
    expected = f"{_seconds.expected}, or an HTTP date like Sun, 06 Nov 1994 08:49:37 GMT"
    openapi: Mapping[str, Any] = {"anyOf": [_seconds.openapi_text, {"type": "string", "format": "http-date"}]}
    openapi_text = openapi

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and is_http_date(value):
            return value
        try:
            return str(self._seconds.deserialize(value))
        except ValidationError:
            raise self.make_error("invalid", input=value) from None


class HeaderFields(Attribute, fields.Raw):
    """Response headers by name. Loaded as pairs, whose values hold the bytes of UTF-8 as WSGI carries them.

    Headers about the framing of the response, and those of the sandbox itself, are refused.
    """

    expected = f"an object of at most {MAX_HEADERS} texts, {MAX_HEADER_BYTES} bytes in all"
    openapi: Mapping[str, Any] = {
        "type": "object",
        "maxProperties": MAX_HEADERS,
        "propertyNames": {"pattern": _NAME_PATTERN},
        "additionalProperties": {"type": "string", "maxLength": MAX_HEADER_BYTES, "pattern": _VALUE_PATTERN},
    }
    openapi_text = openapi

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[tuple[str, str]]:
        if not isinstance(value, dict) or len(value) > MAX_HEADERS:
            raise self.make_error("invalid", input=value)
        seen: set[str] = set()
        for name, text in value.items():
            mistake = _mistake(name, text, seen)
            if mistake:
                raise error_at([name], mistake)
            seen.add(name.lower())
        headers = [(name, text.encode().decode("latin-1")) for name, text in value.items()]
        if sum(len(name) + len(text) for name, text in headers) > MAX_HEADER_BYTES:
            raise self.make_error("invalid", input=value)
        return headers


class BodyField(Attribute, fields.Raw):
    """A response body: a text, or any other JSON value, which is sent as JSON. Loaded as type and bytes."""

    expected = f"a text or a JSON value of at most {MAX_BODY_BYTES} bytes"
    openapi: Mapping[str, Any] = {}
    openapi_text = openapi

    def __init__(self, **kwargs: Any) -> None:
        # JSON null is a body like any other value.
        super().__init__(allow_none=True, **kwargs)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Return the content type and the bytes of a body, also for null."""
        if value is None:
            return self._deserialize(value, attr, data, **kwargs)
        return super().deserialize(value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, bytes]:
        try:
            if isinstance(value, str):
                body = TEXT_TYPE, value.encode()
            else:
                body = JSON_TYPE, json.dumps(value, allow_nan=False).encode()
        except (ValueError, RecursionError):
            # A lone surrogate, a number beyond the range of JSON, or unbounded nesting.
            raise self.make_error("invalid", input=value) from None
        if len(body[1]) > MAX_BODY_BYTES:
            raise self.make_error("invalid", input=value)
        return body


def _mistake(name: str, value: Any, seen: set[str]) -> str | None:
    """Return what is wrong with a header, if anything is. ``seen`` are the names before it, in lower case."""
    lower = name.lower()
    if not _TOKEN.fullmatch(name):
        return "is not the name of a header: 1 to 200 letters, digits or !#$%&'*+-.^_`|~."
    if lower in _FRAMING:
        return "frames the response, so the sandbox sets it; faults like truncate send a wrong one."
    if lower.startswith(_OWN):
        return "is set by the sandbox."
    if lower in seen:
        return "is given twice; give it once."
    if not isinstance(value, str) or not _is_field_value(value):
        return f"must be a text without control characters and without spaces around it, not {quoted(value)}."
    return None


def _is_field_value(text: str) -> bool:
    if _CONTROL.search(text) or text != text.strip():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
