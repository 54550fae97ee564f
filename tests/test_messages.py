"""Messages of errors: plain English about the request, without anything of Python, its libraries or this code."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

V1 = "/v1/conversations"
ITEM = V1 + "/xgQQXg3hrtjh7AvZ"
FAULTS = "/__admin/faults"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}

VALUES = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e999",
    "1e-7",
    '""',
    '"é"',
    "[]",
    "{}",
    "[null]",
    '{"a": true}',
]

PYTHON = re.compile(
    r"\b(None|True|False|inf|nan|dict|str|int|float|bytes|object at|Traceback|utf-8|codec|\w+Error|\w+Exception)\b"
    r"|<class|\\u[0-9a-f]{4}|b'|'[^':,{}]*'"
)
"""Values, types, exceptions and quotes of Python."""

BODIES = [
    *VALUES, "", " ", "{", "}", "nul", "NaN", '{"contact_id": NaN}', '{"contact_id": -Infinity}', "[" * 5000,
    '{"contact_id": "a', '{"contact_id": "a\n"}', r'{"contact_id": "\x"}', r'{"contact_id": "\u12"}', "{'a': 1}",
    '{"a" 1}', '{"a": 1,}', '{"contact_id": "a"} x', f'{{"contact_id": {"9" * 5000}}}', '{"contact_id": 01}',
    r'{"contact_id": "\ud800"}', r'{"\ud800": 1}', '{"contact_id": "a", "contact_id": "b"}', '{"None": 1}',
]  # fmt: skip
FORMS = ["", "contact_id", "contact_id=%ff", "a&a", "contact_id=a b", "&".join("a" * 2000)]
PARTS = [
    "", "a", "--b\r\n\r\na\r\n--b--",
    '--b\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\na\r\n--b--',
]  # fmt: skip
TYPES = [
    "", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é",
    "application/json; charset=latin-1", "json", "é", "multipart/mixed; boundary=b",
]  # fmt: skip
CODINGS = ["gzip", "deflate", "br", "é", "gzip," * 6]
QUERIES = [
    "limit=", "limit=a", "limit=1e3", "limit=0", "muted=maybe", "muted=", "starting_after=a", "group_id=%00", "None=1",
    "starting_after=a&ending_before=b", "limit=1&limit=2", "%ff", "__code=1", "__delay=a", "__fault=a", "__other=1",
    "__code=", "a" * 300,
]  # fmt: skip
PREFERENCES = ["code=a", "code=", "code", "delay=-1", "delay=1e9", "fault=None", "fault"]
METHODS = ["PATCH", "get", "BREW", "TRACE", "CONNECT"]
PATHS = [
    "/", "/v1", "/v1/a%00b", "/v1/%F0%9F%98%80", ITEM + "a", "/__admin", "/__admin/a", "/__admin/faults/None",
    "/__admin/snapshots/a/restore", "/%ff", "/v1/%ff", "//a",
]  # fmt: skip

REQUESTS: list[tuple[str, str, dict[str, str], str]] = [
    *(("POST", V1, JSON, f'{{"contact_id": {value}}}') for value in VALUES),
    *(("PUT", ITEM, JSON, f'{{"is_muted": {value}}}') for value in VALUES),
    *(("PUT", ITEM, JSON, f'{{"archived_at": {value}}}') for value in VALUES),
    *(("PUT", "/__admin/conversations/a", JSON, f'{{"created_at": {value}}}') for value in VALUES),
    *(("POST", "/__admin/reset", JSON, f'{{"scenario": {value}}}') for value in VALUES),
    *(("POST", "/__admin/reset", JSON, f'{{"seed": {value}}}') for value in VALUES),
    *(("PUT", "/__admin/clock", JSON, f'{{"action": {value}}}') for value in VALUES),
    *(("PUT", "/__admin/clock", JSON, f'{{"action": "freeze", "at": {value}}}') for value in VALUES),
    *(("PUT", "/__admin/clock", JSON, f'{{"action": "advance", "seconds": {value}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"fault": {value}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"delay": {value}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"delay": 1, "match": {value}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"delay": 1, "match": {{"query": {value}}}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"delay": 1, "match": {{"body": {{"a": {value}}}}}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"delay": 1, "name": {value}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"delay": 1, "probability": {value}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"fault": {{"type": {value}}}}}') for value in VALUES),
    *(("POST", FAULTS, JSON, f'{{"fault": {{"type": "status", "status": {value}}}}}') for value in VALUES),
    *(
        ("POST", FAULTS, JSON, f'{{"delay": {{"type": "uniform", "lower": 5, "upper": {value}}}}}')
        for value in VALUES
    ),
    *(("POST", FAULTS, JSON, f'{{"delay": {{"type": "lognormal", "median": {value}}}}}') for value in VALUES),
    *(("PUT", FAULTS, JSON, f'{{"data": {value}}}') for value in VALUES),
    *(("PUT", FAULTS, JSON, f'{{"data": [{value}]}}') for value in VALUES),
    *(("PUT", "/__admin/state", JSON, f'{{"version": {value}}}') for value in VALUES),
    *(("POST", V1, JSON, body) for body in BODIES),
    *(("POST", FAULTS, JSON, body) for body in BODIES),
    *(("POST", V1, FORM, body) for body in FORMS),
    *(("POST", V1, MULTIPART, body) for body in PARTS),
    *(("POST", V1, {"Content-Type": each}, "a") for each in TYPES),
    *(("POST", "/__admin/reset", {"Content-Type": each}, "{}") for each in TYPES),
    *(("POST", V1, JSON | {"Content-Encoding": each}, "{}") for each in CODINGS),
    *(("GET", f"{V1}?{query}", {}, "") for query in QUERIES),
    *(("GET", V1, {"Prefer": each}, "") for each in PREFERENCES),
    *((method, path, {}, "") for method in METHODS for path in (V1, ITEM, "/openapi.json")),
    *(("GET", path, {}, "") for path in PATHS),
    ("POST", "/__admin/snapshots/a/restore", JSON, "{}"),
    ("DELETE", "/__admin/sandboxes/a", {}, ""),
    ("DELETE", "/__admin/snapshots/a", {}, ""),
    ("GET", "/__admin/requests?status=a", {}, ""),
    ("GET", "/__admin/requests?method=a&operation=b&limit=-1", {}, ""),
    ("GET", V1, {"Authorization": "Basic a"}, ""),
    ("GET", V1, {"Authorization": "Bearer a, Bearer b"}, ""),
    ("POST", V1, JSON | {"Content-Length": "a"}, ""),
    ("POST", V1, JSON | {"Content-Length": "-1"}, ""),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_message_is_about_the_request(
    api: FlaskClient, assert_error_shape: Callable[..., str], request_: tuple[str, str, dict[str, Any], str]
) -> None:
    method, url, headers, body = request_
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    response = api.open(url, method=method, headers=headers, data=body.encode())
    if response.status_code < 400:
        return
    assert response.status_code < 500
    message = assert_error_shape(response, response.status_code)
    sent = " ".join([method, url, body, *headers.values()])
    leaks = [found[0] for found in PYTHON.finditer(message) if found[0] not in sent]
    assert [leak for leak in leaks if not leak.startswith("'Authorization")] == []
    assert re.fullmatch(r"[A-Za-z_\[\"/%\\].*[.?]", message, re.DOTALL), message
    assert "  " not in message
    assert not re.search(r"\b(\w+) \1\b", message), message
    assert "\n" not in message
