"""Parsing JSON in which no object has the same name twice, which Python's parser would overlook."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from sandbox import problems
from sandbox.schemas.error_messages import Path, error_at
from sandbox.world.pause import Pause, no_pause, with_pauses

MAX_PARTS = 60_000
"""Largest number of commas and opening brackets of one value: to parse more at once takes long."""

_Pairs = list[tuple[str, Any]]
_PARTS = ",[{"
_STRING_OR_PART = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[,\[{]', re.DOTALL)


class TooLong(ValueError):
    """A value is longer than its limit. The message is a sentence without its full stop."""

    def __init__(
        self, limit: int, unit: str = "characters", value: str = "An attribute or an item of a list"
    ) -> None:
        super().__init__(f"{value} has more than {limit} {unit}")


def check_parts(
    text: str,
    at: int = 0,
    pause: Pause = no_pause,
    value: str = "An attribute or an item of a list",
) -> None:
    """Raise TooLong if the JSON from ``at`` on, which is ``value`` in the message, has more than ``MAX_PARTS`` parts.

    ``pause`` is called again and again.
    """
    if len(text) - at <= MAX_PARTS or sum(text.count(part, at) for part in _PARTS) <= MAX_PARTS:
        return
    found = with_pauses(_STRING_OR_PART.finditer(text, at), pause)
    parts = (each for each in found if text[each.start()] != '"')
    if next(islice(parts, MAX_PARTS, None), None) is not None:
        raise TooLong(MAX_PARTS, "commas and opening brackets", value)


def parse(text: str, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Return the document that ``text`` encodes. ``parse_constant`` is that of :func:`json.loads`, for NaN.

    Raises ValidationError, at its place, where a name is given twice, and what :func:`json.loads` raises.
    """
    return ValueReader(parse_constant).whole(text)


def parse_with_repeated(
    text: str, parse_constant: Callable[[str], Any] | None = None
) -> tuple[Any, Sequence[Path]]:
    """Return the document that ``text`` encodes, and the paths of the names that are given twice, in its order.

    Raises what :func:`json.loads` raises. ``parse_constant`` is that of this function, for NaN.
    """
    return ValueReader(parse_constant).whole_with_repeated(text)


class ValueReader:
    """Parses values. Raises ValidationError, at its place, where an object has a name twice.

    ``parse_constant`` is that of :func:`json.loads`.
    """

    def __init__(self, parse_constant: Callable[[str], Any] | None = None) -> None:
        self._ambiguous: dict[int, tuple[dict[str, Any], Sequence[str]]] = {}
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object_of, parse_constant=parse_constant)

    def whole(self, text: str) -> Any:
        """Return the value that is all of ``text``. Raises what :func:`json.loads` raises."""
        self._ambiguous.clear()
        value = self._decoder.decode(text)
        self._check(value)
        return value

    def whole_with_repeated(self, text: str) -> tuple[Any, Sequence[Path]]:
        """Return the value that is all of ``text``, and the paths of the names that are given twice."""
        self._ambiguous.clear()
        value = self._decoder.decode(text)
        return value, [*_repeated_paths(value, self._ambiguous)] if self._ambiguous else ()

    def value_at(self, text: str, at: int) -> tuple[Any, int]:
        """Return the value that begins at ``at``, and the index after it. Raises what :func:`json.loads` raises."""
        self._ambiguous.clear()
        value, end = self._decoder.raw_decode(text, at)
        self._check(value)
        return value, end

    def _check(self, value: Any) -> None:
        if self._ambiguous:
            # There is one: an object that is not in the value any more was the value of a repeated name itself.
            raise error_at(next(_repeated_paths(value, self._ambiguous)), problems.REPEATED)

    def _object_of(self, pairs: _Pairs) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            # The object is kept, so that its id stays its own.
            self._ambiguous[id(values)] = values, _repeated(pairs)
        return values


def reason_of(error: json.JSONDecodeError) -> str:
    """Return the reason of a syntax error, without its place. Some of Python's texts end with the beginning of one."""
    return error.msg.removesuffix(" at").removesuffix(" starting")


def _repeated(pairs: _Pairs) -> Sequence[str]:
    """Return the names that are given twice or more, each once, in the order of their second values."""
    names: set[str] = set()
    repeated: dict[str, None] = {}
    for name, _ in pairs:
        if name in names:
            repeated[name] = None
        names.add(name)
    return list(repeated)


def _repeated_paths(
    document: Any, ambiguous: dict[int, tuple[dict[str, Any], Sequence[str]]]
) -> Iterator[Path]:
    """Yield the paths of the repeated names, in the order of the document."""
    unseen: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while unseen:
        path, value = unseen.pop()
        if id(value) in ambiguous:
            yield from ((*path, name) for name in ambiguous[id(value)][1])
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        deeper = [((*path, key), inner) for key, inner in inside if isinstance(inner, dict | list)]
        unseen += reversed(deeper)
