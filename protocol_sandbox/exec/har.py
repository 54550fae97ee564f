"""The calls of a test run as HAR 1.2, which browsers and HTTP tools show.

The journal has no headers and no body of a response, so the file has none either. Times are those of the sandbox.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from protocol_sandbox.call import Call

VERSION = "1.2"
HTTP_VERSION = "HTTP/1.1"
UNKNOWN = -1
"""The size of what is not known, as HAR demands."""


def write_har(path: Path, calls: Sequence[Call], url: str, version: str) -> None:
    """Write the calls of a server at ``url``, whose ``version`` is named as the creator. Raises OSError."""
    creator = {"name": "protocol-sandbox", "version": version}
    entries = [_entry(call, url) for call in calls]
    log = {"version": VERSION, "creator": creator, "pages": [], "entries": entries}
    path.write_text(json.dumps({"log": log}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _entry(call: Call, url: str) -> dict[str, Any]:
    return {
        "startedDateTime": datetime.fromtimestamp(call.at, UTC).isoformat(timespec="milliseconds"),
        "time": call.duration_ms,
        "request": _request(call, url),
        "response": _response(call.status),
        "cache": {},
        "timings": {"send": 0, "wait": call.duration_ms, "receive": 0},
        "_operation": call.operation,
        "_delay_ms": call.delay_ms,
        "_fault": call.fault,
        "_rule": call.rule,
        "_why": list(call.why),
    }


def _request(call: Call, url: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": call.method,
        "url": f"{url}{quote(call.path)}{'?' * bool(call.query)}{call.query}",
        "httpVersion": HTTP_VERSION,
        "cookies": [],
        "headers": _pairs(call.headers),
        "queryString": _pairs(call.parameters),
        "headersSize": UNKNOWN,
        "bodySize": len(call.body.encode()),
    }
    if call.body:
        request["postData"] = {"mimeType": call.headers.get("Content-Type", ""), "text": call.body}
    return request


def _response(status: int | None) -> dict[str, Any]:
    return {
        # No response is status 0, as in browsers.
        "status": status or 0,
        "statusText": _phrase(status),
        "httpVersion": HTTP_VERSION,
        "cookies": [],
        "headers": [],
        "content": {"size": UNKNOWN, "mimeType": ""},
        "redirectURL": "",
        "headersSize": UNKNOWN,
        "bodySize": UNKNOWN,
    }


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""


def _pairs(values: Mapping[str, str]) -> list[Mapping[str, str]]:
    pairs: Iterable[tuple[str, str]] = values.items()
    return [{"name": name, "value": value} for name, value in pairs]
