"""From bytes to attributes: queries, forms, JSON objects and multipart fields."""

import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from sandbox import problems

MAX_ATTRIBUTES = 1000
"""More pairs than any honest call has; the rest of a longer text is not even parsed."""


def decoded_query(query: str) -> dict[str, str]:
    """The attributes of a query string. Raises Problem 400, also where one is given twice."""
    return _once(_pairs_of(query)) if query else {}


def readable_query(query: str) -> dict[str, str]:
    """The attributes of a query string; none where it cannot be read."""
    try:
        return decoded_query(query)
    except problems.Problem:
        return {}


def decoded_body(body: bytes, content_type: str) -> tuple[dict[str, Any], bool]:
    """The attributes of a body, and whether they are text (a form) and not JSON values.

    No body has no attributes. Raises Problem 400, also where an attribute is given twice, and 415.
    """
    if not body:
        return {}, True
    media_type, options = parse_options_header(content_type)
    media_type = media_type.lower()
    if media_type == "application/x-www-form-urlencoded":
        return _once(_pairs_of(_utf8(body))), True
    if media_type == problems.JSON_TYPE:
        return _json_object(body), False
    if media_type == "multipart/form-data":
        return _once(_multipart(body, media_type, options)), True
    raise problems.unsupported_media_type(content_type)


def _pairs_of(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_ATTRIBUTES, errors="strict")
    except UnicodeDecodeError:
        raise problems.invalid("Percent-encoded text must be UTF-8.") from None
    except ValueError:
        raise problems.invalid(f"There are more than {MAX_ATTRIBUTES} attributes.") from None


def _multipart(body: bytes, media_type: str, options: dict[str, str]) -> list[tuple[str, str]]:
    parser = FormDataParser(
        # The body is bounded already, so nothing of it needs a file on the disk.
        stream_factory=lambda *_args, **_kwargs: BytesIO(),
        max_form_memory_size=None,
        max_form_parts=MAX_ATTRIBUTES,
        silent=False,
    )
    try:
        _, form, files = parser.parse(BytesIO(body), media_type, len(body), options)
    except RequestEntityTooLarge:
        raise problems.invalid(f"There are more than {MAX_ATTRIBUTES} attributes.") from None
    except (ValueError, UnicodeError, LookupError):
        raise problems.invalid("The body is not valid multipart/form-data.") from None
    if None in form or None in files:
        raise problems.invalid("Each part of multipart/form-data needs a name.")
    for name in files:
        raise problems.invalid(f"{problems.shortened(name)} must be a plain field, not a file.")
    return list(form.items(multi=True))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(_utf8(body), object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise problems.invalid(f"The body is not valid JSON: {error.msg} at {where}.") from None
    except (ValueError, RecursionError):
        # NaN, a number of thousands of digits, or nesting without end.
        raise problems.invalid("The body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise problems.invalid('The body must be a JSON object, like {"contact_id": "WAz8eIbvDR60rouK"}.')
    return values


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise problems.invalid("The body must be UTF-8.") from None


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise problems.invalid(f"{problems.shortened(name)} is given twice; give it once.")
        values[name] = value
    return values
