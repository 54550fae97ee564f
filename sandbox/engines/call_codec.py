"""The entries of the journal as text."""

import json
from typing import Any

from sandbox.world.journal import Entry, Headers
from sandbox.world.verdict import NO_VERDICTS, Reason, Verdict, Verdicts

_encode = json.JSONEncoder(separators=(",", ":")).encode


def text_of_call(entry: Entry) -> str:
    """Return ``entry`` as JSON. Characters that are no text are escaped in it."""
    return _encode(entry._replace(headers=entry.headers.items, why=_verdicts(entry.why)))  # type: ignore[arg-type]


def call_of(text: str) -> Entry:
    """Return the entry that :func:`text_of_call` made ``text`` of."""
    entry = Entry(*json.loads(text))
    headers: Any = entry.headers
    return entry._replace(
        headers=Headers.of(tuple((name, value) for name, value in headers)), why=_why(entry.why)
    )


def _verdicts(why: Verdicts) -> Any:
    return None if why is NO_VERDICTS else why


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
