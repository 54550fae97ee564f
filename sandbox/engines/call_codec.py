"""The entries of the journal as text."""

import json
from functools import lru_cache
from typing import Any

from sandbox.world.journal import Entry, Headers
from sandbox.world.verdict import NO_VERDICTS, Reason, Verdict, Verdicts

_encode = json.JSONEncoder(separators=(",", ":")).encode


def text_of_call(entry: Entry) -> str:
    """Return ``entry`` as JSON. Characters that are no text are escaped in it."""
    # By hand, which takes a third of the time: an encoder of JSON is slow to begin, save for a text.
    entry_id, at, method, path, query, headers, body, operation, status, duration, delay, fault, rule, why = (
        entry
    )
    return (
        f"[{_encode(entry_id)},{at!r},{_encode(method)},{_encode(path)},{_encode(query)},"
        f"{_text_of_headers(headers.items)},{_encode(body)},{_text_or_null(operation)},"
        f"{'null' if status is None else status},{duration!r},{delay!r},"
        f"{_text_or_null(fault)},{_text_or_null(rule)},{'null' if why is NO_VERDICTS else _encode(why)}]"
    )


def _text_or_null(text: str | None) -> str:
    return "null" if text is None else _encode(text)


@lru_cache(maxsize=256)
def _text_of_headers(items: tuple[tuple[str, str], ...]) -> str:
    """Return headers as JSON. A client sends the same ones again and again."""
    return _encode(items)


def call_of(text: str) -> Entry:
    """Return the entry that :func:`text_of_call` made ``text`` of."""
    entry = Entry(*json.loads(text))
    headers: Any = entry.headers
    return entry._replace(
        headers=Headers.of(tuple((name, value) for name, value in headers)), why=_why(entry.why)
    )


def _why(why: Any) -> Verdicts:
    if why is None:
        return NO_VERDICTS
    kept, omitted = why
    return Verdicts(
        tuple(
            Verdict(rule_id, name, scope, Reason(outcome, tuple(detail)))
            for rule_id, name, scope, (outcome, detail) in kept
        ),
        omitted,
    )
