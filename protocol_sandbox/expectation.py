"""An expected call, and the differences between it and a call that was received."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from protocol_sandbox.call import Call

_TEXTS = {True: ("true", "1"), False: ("false", "0"), None: ("",)}
"""The texts of values in a form or a query, where they are not simply written down."""
_OTHER_CALL = 2.0
"""The distance between two different operations, methods or paths: more than between two values."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference in one attribute. ``distance`` is larger the less the two values have in common, at most 2."""

    text: str
    distance: float = 1.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """A call as a test expects it. None and absent attributes match any value."""

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    status: int | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_countable(self) -> bool:
        """True if the counters of the journal, which are always exact, can count such calls."""
        return self.path is None and not self.query and not self.headers and not self.body

    def differences(self, call: Call) -> list[Difference]:
        """Return the differences to ``call``, none if it is as expected."""
        return [
            *self._other_call(call),
            *_differences("query", self.query, call.parameters, is_text=True),
            *_differences("body", self.body, call.attributes, is_text=call.has_text_attributes),
            *_differences("header", _folded(self.headers), _folded(call.headers), is_text=True),
        ]

    def _other_call(self, call: Call) -> Iterator[Difference]:
        for name in ("operation", "method", "path", "status"):
            wanted, found = getattr(self, name), getattr(call, name)
            if wanted is not None and wanted != found:
                distance = 1.0 if name == "status" else _OTHER_CALL
                yield Difference(f"{name} is {found}, not {wanted}", distance)

    def __str__(self) -> str:
        """A noun for messages: ``createConversation with body contact_id "a" and status 201``."""
        parts = [
            f"{place} {name} {_shown(value)}"
            for place, attributes in (("query", self.query), ("body", self.body), ("header", self.headers))
            for name, value in attributes.items()
        ]
        parts += [] if self.status is None else [f"status {self.status}"]
        call = self.operation or " ".join(filter(None, (self.method, self.path))) or "a call"
        if self.operation is not None:
            parts += [f"{name} {value}" for name in ("method", "path") if (value := getattr(self, name))]
        return f"{call} with {' and '.join(parts)}" if parts else call


def _differences(
    place: str, expected: Mapping[str, Any], found: Mapping[str, Any], *, is_text: bool
) -> Iterator[Difference]:
    for name, value in expected.items():
        if name not in found:
            yield Difference(f"{place} has no {name}")
        elif not _is_equal(value, found[name], is_text=is_text):
            shown = f"{place} {name} is {_shown(found[name])}, not {_shown(value)}"
            alike = SequenceMatcher(None, str(value), str(found[name])).ratio()
            yield Difference(shown, 1 - alike / 2)


def _is_equal(expected: Any, found: Any, *, is_text: bool) -> bool:
    if not is_text:
        # In JSON, true is not 1.
        return isinstance(expected, bool) == isinstance(found, bool) and bool(expected == found)
    if expected is None or isinstance(expected, bool):
        return found in _TEXTS[expected]
    return bool(str(expected) == found)


def _folded(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.title(): value for name, value in headers.items()}


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)
