"""Error messages: the sentences for the nested messages of a ValidationError, each with its place in the document.

The messages have the shape that marshmallow documents, for instance ``{"conversations": {3: {"contact_id": ["must be an
id."]}}}`` for "conversations[3].contact_id must be an id." A message is a predicate, which continues the place that it
stands at. Under ``_schema`` it is a sentence about the object as a whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from marshmallow import ValidationError
from marshmallow.exceptions import SCHEMA

from sandbox.problems import named

MAX_EXPLAINED = 5
"""The most mistakes that one message explains."""

_MAX_COMPARED = 80
"""Longer names resemble no known one, and comparing them takes long."""

Path = Sequence[str | int]
"""The way from a document to a value in it: names of attributes and indexes of items."""


def message_of(error: ValidationError, document: str = "") -> str:
    """Return one sentence for each of the first ``MAX_EXPLAINED`` mistakes.

    ``document`` ("this body") is the subject of what is wrong with the document as a whole.
    """
    return " ".join(islice(_sentences(error.messages, "", document), MAX_EXPLAINED))


def error_at(path: Path, message: str) -> ValidationError:
    """Return an error whose ``message`` stands at ``path``."""
    messages: Any = [message]
    for key in reversed(path):
        messages = {key: messages}
    return ValidationError(messages)


def place_of(path: Path) -> str:
    """Return ``path`` as messages show it: ``conversations[3].contact_id``."""
    place = ""
    for key in path:
        place = _inside(place, key)
    return place


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the ``known`` name that ``name`` was probably meant to be, if there is one. Case does not matter."""
    if len(name) > _MAX_COMPARED:
        return None
    by_lower_case = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower_case, n=1)
    return by_lower_case[near[0]] if near else None


def _sentences(messages: Any, place: str, document: str) -> Iterator[str]:
    if isinstance(messages, list):
        yield f"{place or document} {' '.join(messages)}"
        return
    for key, inner in messages.items():
        if key == SCHEMA:
            yield (f"{place}: " if place else "") + " ".join(inner)
        else:
            yield from _sentences(inner, _inside(place, key), document)


def _inside(place: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{place}[{key}]"
    return f"{place}.{named(key)}" if place else named(key)
