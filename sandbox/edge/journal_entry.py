"""The journal entry of a call: without secrets, and cut where it is long. Bytes that are not UTF-8 are escaped."""

import re
from codecs import getincrementaldecoder
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sandbox.edge.call import Call
from sandbox.edge.reason_message import message_of
from sandbox.edge.sent_headers import SentHeaders, sent_headers
from sandbox.web.text import text_of
from sandbox.world.journal import Entry, Headers
from sandbox.world.verdict import Verdict

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

REDACTED = "[redacted]"

_SECRET_HEADERS = {
    key: (key, REDACTED)
    for key in ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_PROXY_AUTHORIZATION", "HTTP_X_ADMIN_TOKEN")
}
_BODY_HEADERS = ("CONTENT_TYPE", "CONTENT_LENGTH")
# The two other places for a bearer token (RFC 6750, sections 2.2 and 2.3), the body also as JSON.
_NAME = "access_token"
# Letters of a name may be percent-encoded in a form, and \\u-encoded in JSON.
_FORM_NAME = "".join(f"(?:{letter}|%{ord(letter):02x})" for letter in _NAME)
_JSON_NAME = "".join(rf"(?:{letter}|\\u{ord(letter):04x})" for letter in _NAME)
_SECRET_ATTRIBUTE = re.compile(
    rf'(?<![^&?])({_FORM_NAME}=)[^&]*|("{_JSON_NAME}"\s*:\s*")(?:\\.|[^"\\])*'
    # multipart/form-data: the name is in one of the few headers of the part. Bounded, since the text may be anything.
    rf'|(;\s*name="?{_NAME}(?![\w-])[^\r\n]*(?:\r?\n[^\r\n]+){{0,8}}\r?\n\r?\n).*?(?=\r?\n--|\Z)',
    re.IGNORECASE | re.DOTALL,
)


def journal_entry(
    call: Call, *, request_id: str, status: int | None, at: float, duration: float, max_body_bytes: int
) -> Entry:
    """Return the journal entry of a call. ``at`` is Unix seconds, ``duration`` seconds."""
    query = call.query_string
    return Entry(
        id=request_id,
        at=at,
        method=call.method,
        path=call.path,
        query=_redact(text_of(query)) if query else "",
        headers=_headers(call.environ),
        body=_text(call.body, max_body_bytes) if call.body else "",
        operation=call.operation_id,
        status=status,
        duration_ms=duration * 1000,
        delay_ms=call.delay_ms,
        fault=call.fault,
        rule=call.rule,
        why=call.why,
    )


def entry_document(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON values. Its times are rounded here and not in each call, which costs more."""
    return entry._asdict() | {
        "at": round(entry.at, 3),
        "headers": dict(entry.headers.items),
        "duration_ms": round(entry.duration_ms, 3),
        "why": [_verdict(verdict, entry) for verdict in entry.why.kept],
        "why_omitted": entry.why.omitted,
    }


def _verdict(verdict: Verdict, entry: Entry) -> dict[str, Any]:
    return {
        "id": verdict.rule_id,
        "rule": verdict.name,
        "scope": verdict.scope,
        "outcome": verdict.reason.outcome,
        "message": message_of(verdict.reason, entry),
    }


def _headers(environ: "WSGIEnvironment") -> Headers:
    sent = sent_headers(environ)
    return _named(_sent(environ)) if sent is None else _named_once(sent)


@lru_cache(maxsize=256)
def _named_once(sent: SentHeaders) -> Headers:
    return _named(_sent(sent.environ))


def _sent(environ: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    sent = [_SECRET_HEADERS.get(item[0], item) for item in environ.items() if item[0].startswith("HTTP_")]
    sent += [("HTTP_" + key, environ[key]) for key in _BODY_HEADERS if environ.get(key)]
    return tuple(sent)


@lru_cache(maxsize=32)
def _named(sent: tuple[tuple[str, str], ...]) -> Headers:
    """Return the headers by name: ``HTTP_X_REQUEST_ID`` is ``X-Request-Id``.

    A client sends the same headers again and again, and its entries share them.
    """
    return Headers.of(
        tuple((key[len("HTTP_") :].replace("_", "-").title(), text_of(value)) for key, value in sent)
    )


def _redact(text: str) -> str:
    # Most texts cannot name a secret. That is quickly seen, while the pattern would examine every character.
    if _NAME not in text and "%" not in text and "\\" not in text:
        return text
    return _SECRET_ATTRIBUTE.sub(lambda found: (found[1] or found[2] or found[3]) + REDACTED, text)


def _text(body: bytes, limit: int) -> str:
    if len(body) <= limit:
        return _redact(body.decode(errors="backslashreplace"))
    # A character that is cut in two is left out.
    text = getincrementaldecoder("utf-8")("backslashreplace").decode(body[:limit])
    return f"{_redact(text)}… (cut: the body has {len(body)} bytes)"
