"""A call that a sandbox received."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from email.parser import Parser
from email.policy import HTTP
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """A call as the journal shows it.

    ``at`` is the sandbox's time in Unix seconds. ``operation`` is None if there is no such operation, ``status`` if no
    response was sent. ``fault`` and ``rule`` say what was injected, and ``why`` has the rules that were looked at, each
    with its ``id``, ``outcome`` and a ``message`` about it. Secrets are redacted, and a long body is cut.
    """

    id: str
    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str
    operation: str | None
    status: int | None
    duration_ms: float
    delay_ms: float
    fault: str | None
    rule: str | None
    why: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Call":
        """Return the call of a journal entry. What a newer server adds to it is left out."""
        return cls(**{each.name: entry[each.name] for each in fields(cls)})

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the body. Empty for a body that is neither JSON, nor a form, nor multipart."""
        if self._media_type == _JSON:
            return _json_attributes(self.body)
        if self._media_type == _FORM:
            return dict(parse_qsl(self.body, keep_blank_values=True))
        if self._media_type == _MULTIPART:
            return _multipart_attributes(self.headers["Content-Type"], self.body)
        return {}

    @property
    def has_text_attributes(self) -> bool:
        """True if the values of the body are texts, as in a form, and not JSON values."""
        return self._media_type != _JSON

    @property
    def _media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of the query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def __str__(self) -> str:
        """One line: ``POST /v1/conversations?limit=1 201``, and what was injected."""
        line = f"{self.method} {self.path}{'?' * bool(self.query)}{self.query}"
        line += f" {'no response' if self.status is None else self.status}"
        injected = [f"delay {self.delay_ms:g} ms"] if self.delay_ms else []
        injected += [f"fault {self.fault}"] if self.fault is not None else []
        injected += [f"rule {self.rule}"] if self.rule is not None else []
        return f"{line} ({', '.join(injected)})" if injected else line


def _json_attributes(body: str) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _multipart_attributes(content_type: str, body: str) -> Mapping[str, Any]:
    message = Parser(policy=HTTP).parsestr(f"Content-Type: {content_type}\n\n{body}")
    parts = message.iter_parts() if message.is_multipart() else ()
    named = {part.get_param("name", header="content-disposition"): part.get_content() for part in parts}
    return {str(name): str(text).removesuffix("\n") for name, text in named.items() if name is not None}
