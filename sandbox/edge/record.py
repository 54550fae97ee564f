"""What the journal writes down of a call: cut where it is long, and without secrets."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox.edge.call import Call
from sandbox.world.journal import Entry

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

REDACTED = "[redacted]"

_SECRET_HEADERS = frozenset({"Authorization", "Cookie", "Proxy-Authorization", "X-Admin-Token"})
# The two other places where a bearer token may stand (RFC 6750, sections 2.2 and 2.3), the body also as JSON.
_SECRET_ATTRIBUTE = re.compile(r'(?<![^&?])(access_token=)[^&]*|("access_token"\s*:\s*")(?:\\.|[^"\\])*')


def entry_of(
    environ: "WSGIEnvironment",
    *,
    request_id: str,
    call: Call,
    most_body_bytes: int,
    status: int | None,
    at: float,
    duration: float,
) -> Entry:
    """The journal's entry of a call. ``at`` is Unix seconds, ``duration`` seconds."""
    query = environ.get("QUERY_STRING", "")
    return Entry(
        id=request_id,
        at=round(at, 3),
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query=_redacted(query) if query else "",
        headers=_headers(environ),
        body=_text(call.body, most_body_bytes) if call.body else "",
        operation=None if call.operation is None else call.operation.id,
        status=status,
        duration_ms=round(duration * 1000, 3),
        delay_ms=call.delay_ms,
        fault=call.fault,
        rule=call.rule,
    )


def _headers(environ: "WSGIEnvironment") -> tuple[tuple[str, str], ...]:
    named = [(_name(key), value) for key, value in environ.items() if key.startswith("HTTP_")]
    named += [
        (_name("HTTP_" + key), environ[key]) for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)
    ]
    return tuple((name, REDACTED if name in _SECRET_HEADERS else value) for name, value in named)


@lru_cache(maxsize=256)
def _name(key: str) -> str:
    """``HTTP_X_REQUEST_ID`` is ``X-Request-Id``."""
    return key[len("HTTP_") :].replace("_", "-").title()


def _redacted(text: str) -> str:
    return _SECRET_ATTRIBUTE.sub(lambda found: (found[1] or found[2]) + REDACTED, text)


def _text(body: bytes, most: int) -> str:
    text = _redacted(body[:most].decode(errors="replace"))
    return text if len(body) <= most else f"{text}… (cut: the body has {len(body)} bytes)"
