"""Reading a JSON object piece by piece while it arrives: its attributes, and the items of its lists.

A document of 64 MB is thus never in memory as a whole, one that has no room is refused before its end, and others run
between two items. Each value is parsed by Python's own parser, with the messages that other bodies get.
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NoReturn

from marshmallow import ValidationError

from sandbox.schemas.json_document import TooLong, ValueReader, check_parts
from sandbox.world.pause import Pause

READ_BYTES = 65_536

_SPACE = re.compile(r"[ \t\n\r]*")
_MARK = "\ufeff"


class NotJson(ValueError):
    """A constant that Python's parser knows and JSON does not: NaN, Infinity, -Infinity."""


class NotAnObject(ValueError):
    """The document is JSON, and not an object."""


class JsonStream:
    """The JSON object that ``read`` returns the bytes of; an empty result is the end.

    All methods raise json.JSONDecodeError, whose line and column are those of the whole document, UnicodeDecodeError,
    ValidationError if an object has a name twice, RecursionError, TooLong, and what ``read`` raises.
    """

    def __init__(self, read: Callable[[int], bytes], pause: Pause) -> None:
        self._read = read
        self._pause = pause
        self._values = ValueReader(refuse_constant)
        self._decoder = getincrementaldecoder("utf-8")()
        self._name = ""
        self._text = ""
        self._at = 0
        self._is_at_end = False
        self._lines = 0
        self._columns = 0

    def names(self) -> Iterator[str]:
        """Iterate over the names of the object. Each value must be read before the next name.

        Raises NotAnObject.
        """
        while not self._text and self._fill():
            pass
        self._text = self._text.removeprefix(_MARK)
        if self._peek() != "{":
            self._value(READ_BYTES)
            raise NotAnObject
        self._at += 1
        if self._peek() == "}":
            self._at += 1
        else:
            yield from self._members()
        if self._peek():
            raise self._error("Extra data")

    def value(self, limit: int) -> Any:
        """Return the value of the name, which has at most ``limit`` characters."""
        try:
            return self._value(limit)
        except ValidationError as error:
            raise ValidationError({self._name: error.messages}) from None

    def _value(self, limit: int) -> Any:
        self._peek()
        while True:
            begun = self._at
            try:
                value, end = self._values.value_at(self._text, begun)
            except json.JSONDecodeError as error:
                if not self._more(limit):
                    raise self._error(error.msg, error.pos - begun + self._at) from None
                continue
            if _may_continue(value, self._text[end : end + 3]) and self._more(limit):
                continue
            if end - begun > limit:
                raise TooLong(limit)
            end += self._at - begun
            self._at = end
            return value

    def is_list(self) -> bool:
        """Return True if the next value is a list."""
        return self._peek() == "["

    def items(self, limit: int) -> Iterator[Any]:
        """Iterate over the items of the value, which is a list. Each has at most ``limit`` characters."""
        self._peek()
        self._at += 1
        if self._peek() == "]":
            self._at += 1
            return
        for index in count():
            self._pause()
            try:
                item = self._value(limit)
            except ValidationError as error:
                raise ValidationError({self._name: {index: error.messages}}) from None
            yield item
            if self._next_of(",]", "Expecting ',' delimiter") == "]":
                return

    def _members(self) -> Iterator[str]:
        while True:
            if self._peek() != '"':
                raise self._error("Expecting property name enclosed in double quotes")
            self._name = self._value(READ_BYTES)
            self._next_of(":", "Expecting ':' delimiter")
            yield self._name
            if self._next_of(",}", "Expecting ',' delimiter") == "}":
                return

    def _next_of(self, characters: str, message: str) -> str:
        found = self._peek()
        if not found or found not in characters:
            raise self._error(message)
        self._at += 1
        return found

    def _peek(self) -> str:
        """Return the next character that is not white space, without using it; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None
            self._at = found.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _more(self, limit: int) -> bool:
        """Read more of a value that begins at the current place. Returns False if there is no more.

        As much again as there is, so that a long value is not parsed again for every piece of it.
        """
        length = len(self._text) - self._at
        if length > limit:
            raise TooLong(limit)
        # It has no end yet, so that all of this is a part of it.
        check_parts(self._text, self._at, self._pause)
        wanted = max(length, 1)
        while len(self._text) - self._at - length < wanted:
            if not self._fill():
                return len(self._text) - self._at > length
        return True

    def _fill(self) -> bool:
        """Read a piece, and forget the text that was used. Returns False at the end."""
        if self._is_at_end:
            return False
        data = self._read(READ_BYTES)
        self._is_at_end = not data
        text = self._decoder.decode(data, final=not data)
        used, self._text, self._at = self._text[: self._at], self._text[self._at :] + text, 0
        lines = used.count("\n")
        self._lines += lines
        self._columns = len(used) - used.rfind("\n") - 1 + (0 if lines else self._columns)
        self._pause()
        return bool(data)

    def _error(self, message: str, at: int | None = None) -> json.JSONDecodeError:
        before = self._text[: self._at if at is None else at]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n") + (0 if lines else self._columns)
        error = json.JSONDecodeError(message, "", 0)
        error.lineno = self._lines + lines + 1
        error.colno = column
        return error


def _may_continue(value: Any, rest: str) -> bool:
    """Return True if ``value`` is a number that more text may continue, like ``1``, ``1.`` or ``1e+``."""
    return isinstance(value, int | float) and len(rest) < 3 and not rest.strip(".eE+-")


def refuse_constant(name: str) -> NoReturn:
    """Raise NotJson."""
    raise NotJson(name)
