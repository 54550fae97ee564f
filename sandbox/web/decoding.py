"""From bytes to attributes: queries, forms, JSON objects and multipart fields."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from marshmallow import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from sandbox import problems
from sandbox.problems import Problem
from sandbox.schemas.error_messages import message_of, place_of
from sandbox.schemas.json_document import TooLong, check_parts, parse_with_repeated, reason_of
from sandbox.schemas.json_stream import NotAnObject, NotJson, refuse_constant

MAX_ATTRIBUTES = 1000
"""More attributes than any honest request has; the rest of a longer text is not even parsed."""
OWN_PREFIX = "__"
"""The prefix of query names that belong to the sandbox, not to the API."""
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_REPLACEMENT = "\ufffd"
"""The character that multipart/form-data is decoded to where it is not UTF-8."""
_TYPES = frozenset({FORM_TYPE, MULTIPART_TYPE, problems.JSON_TYPE})


class DecodedQuery(NamedTuple):
    """The attributes of a query string: those of the API, and the sandbox's own without their prefix.

    Those that are given twice are not among them, but in ``repeated``: their names, and their places for messages.
    """

    attributes: dict[str, str]
    own: dict[str, str]
    repeated: Mapping[str, str]


class DecodedBody(NamedTuple):
    """The attributes of a body. ``is_text``: they are strings of a form, not JSON values.

    Those that are given twice, or in which an attribute is, are not among them, but in ``repeated``: their names, and
    the place of the first attribute that is given twice.
    """

    attributes: dict[str, Any]
    is_text: bool
    repeated: Mapping[str, str]


_NONE_REPEATED: Mapping[str, str] = MappingProxyType({})
EMPTY_QUERY = DecodedQuery({}, {}, _NONE_REPEATED)
EMPTY_BODY = DecodedBody({}, is_text=True, repeated=_NONE_REPEATED)


def decode_query(query: str) -> DecodedQuery:
    """Return the attributes of a query string, a native string of WSGI.

    Raises Problem 400, also if one of the sandbox's own is given twice.
    """
    if not query:
        return EMPTY_QUERY
    if not query.isascii():
        # Bytes that should be percent-encoded mean the same as if they were.
        query = _NOT_ASCII.sub(lambda found: f"%{ord(found[0]):02X}", query)
    pairs, repeated = _once(_pairs(query))
    for name in repeated:
        if name.startswith(OWN_PREFIX):
            raise problems.repeated(problems.named(name))
    own = {
        name.removeprefix(OWN_PREFIX): value for name, value in pairs.items() if name.startswith(OWN_PREFIX)
    }
    if not own:
        return DecodedQuery(pairs, own, repeated)
    attributes = {name: value for name, value in pairs.items() if not name.startswith(OWN_PREFIX)}
    return DecodedQuery(attributes, own, repeated)


def decode_body(body: bytes, content_type: str) -> DecodedBody:
    """Return the attributes of a body; an empty body has none.

    Raises Problem 400 and 415.
    """
    if not body:
        return EMPTY_BODY
    media_type, options = parse_options_header(content_type)
    media_type = media_type.lower()
    if media_type == FORM_TYPE:
        return _form(_pairs(_utf8(body)))
    if media_type == problems.JSON_TYPE:
        return _json_object(body)
    if media_type == MULTIPART_TYPE:
        return _form(_multipart(body, media_type, options))
    raise problems.unsupported_media_type(content_type)


def is_json(content_type: str) -> bool:
    """Return True for the media type of JSON, whatever its parameters."""
    return parse_options_header(content_type)[0].lower() == problems.JSON_TYPE


def check_type(content_type: str) -> None:
    """Raise Problem 415 if :func:`decode_body` does not support the type."""
    if parse_options_header(content_type)[0].lower() not in _TYPES:
        raise problems.unsupported_media_type(content_type)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_ATTRIBUTES, errors="strict")
    except UnicodeDecodeError:
        raise problems.invalid("Text must be percent-encoded UTF-8.") from None
    except ValueError:
        raise _too_many_attributes() from None


def _multipart(body: bytes, media_type: str, options: dict[str, str]) -> list[tuple[str, str]]:
    if not options.get("boundary"):
        raise problems.invalid(
            "The Content-Type multipart/form-data needs a boundary. The client that encodes the body sets it, unless "
            "the header is set by hand."
        )
    parser = FormDataParser(
        # The body is bounded already, so no part of it needs a file on the disk.
        stream_factory=lambda *_args, **_kwargs: BytesIO(),
        max_form_memory_size=None,
        max_form_parts=MAX_ATTRIBUTES,
        silent=False,
    )
    try:
        _, form, files = parser.parse(BytesIO(body), media_type, len(body), options)
    except RequestEntityTooLarge:
        raise _too_many_attributes() from None
    except (ValueError, UnicodeError, LookupError):
        raise problems.invalid("The body is not valid multipart/form-data.") from None
    if any(_REPLACEMENT in each for each in form.values()):
        # It stands for bytes that are not UTF-8, or was sent as it is.
        _utf8(body)
    if None in form or None in files:
        raise problems.invalid("Each part of multipart/form-data needs a name.")
    for name in files:
        raise problems.invalid(f"{problems.named(name)} must be a plain field, not a file.")
    return list(form.items(multi=True))


@contextmanager
def json_errors() -> Iterator[None]:
    """Raise Problem 400 for the errors of parsing and loading JSON in this block."""
    try:
        yield
    except ValidationError as error:
        raise problems.invalid(message_of(error, "this body")) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise problems.invalid(f"The body is not valid JSON: {reason_of(error)} at {where}.") from None
    except TooLong as error:
        raise problems.invalid(f"{error}.") from None
    except UnicodeDecodeError:
        raise problems.invalid("The body must be UTF-8.") from None
    except NotAnObject:
        raise _not_an_object() from None
    except NotJson as error:
        raise problems.invalid(f"The body is not valid JSON: {error} is not a JSON value.") from None
    except ValueError:  # Python's limit on the digits of a number
        raise problems.invalid(
            "The body is not valid JSON that can be read: a number in it is too long."
        ) from None
    except RecursionError:
        raise problems.invalid(
            "The body is not valid JSON that can be read: it is nested too deeply."
        ) from None


def _form(pairs: Iterable[tuple[str, str]]) -> DecodedBody:
    attributes, repeated = _once(pairs)
    return DecodedBody(attributes, is_text=True, repeated=repeated)


def _json_object(body: bytes) -> DecodedBody:
    text = _utf8(body.removeprefix(BOM_UTF8))
    with json_errors():
        check_parts(text, value="The body")
        # A parser may ignore a byte order mark (RFC 8259, section 8.1). Some editors and clients write one.
        values, paths = parse_with_repeated(text, refuse_constant)
    if not isinstance(values, dict):
        raise _not_an_object()
    if len(values) > MAX_ATTRIBUTES:
        raise _too_many_attributes()
    repeated: dict[str, str] = {}
    for path in paths:
        repeated.setdefault(str(path[0]), place_of(path))
    for name in repeated:
        del values[name]
    return DecodedBody(values, is_text=False, repeated=repeated)


def _not_an_object() -> Problem:
    return problems.invalid("The body must be a JSON object.")


def _too_many_attributes() -> Problem:
    return problems.invalid(f"There are more than {MAX_ATTRIBUTES} attributes.")


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise problems.invalid("The body must be UTF-8.") from None


def _once(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], Mapping[str, str]]:
    """Return the attributes that are given once, and the names and places of the others."""
    values: dict[str, str] = {}
    repeated: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            repeated[name] = problems.named(name)
        values[name] = value
    for name in repeated:
        del values[name]
    return values, repeated
