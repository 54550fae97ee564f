"""The calls of a run as HAR."""

import json
from pathlib import Path
from typing import Any

from protocol_sandbox import Call
from protocol_sandbox.exec.har import write_har
from tests.kit.test_call import call

URL = "http://127.0.0.1:8000"


def entries(folder: Path, *calls: Call) -> list[dict[str, Any]]:
    """Write the calls, and return the entries of the file."""
    write_har(folder / "calls.har", calls, URL, "1.2.3")
    log = json.loads((folder / "calls.har").read_text(encoding="utf-8"))["log"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "protocol-sandbox", "version": "1.2.3"})
    found: list[dict[str, Any]] = log["entries"]
    return found


def test_entry_has_request_response_and_what_was_injected(tmp_path: Path) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    (entry,) = entries(
        tmp_path,
        call(
            query="a=1",
            headers=headers,
            body="contact_id=a",
            fault="status",
            rule="busy",
            why=[{"id": "rule-1", "outcome": "fired"}],
            status=503,
        ),
    )
    assert entry["startedDateTime"] == "1991-12-08T23:00:00.000+00:00"
    assert entry["time"] == entry["timings"]["wait"] == 0.4
    request = entry["request"]
    assert (request["method"], request["url"]) == ("POST", f"{URL}/v1/conversations?a=1")
    assert request["headers"] == [{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}]
    assert request["queryString"] == [{"name": "a", "value": "1"}]
    assert request["postData"] == {"mimeType": "application/x-www-form-urlencoded", "text": "contact_id=a"}
    assert request["bodySize"] == 12
    assert (entry["response"]["status"], entry["response"]["statusText"]) == (503, "Service Unavailable")
    assert [entry[name] for name in ("_operation", "_fault", "_rule", "_why")] == [
        "createConversation",
        "status",
        "busy",
        [{"id": "rule-1", "outcome": "fired"}],
    ]


def test_entries_have_every_attribute_that_har_demands(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, call())
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
    assert set(entry["request"]) == {
        *("method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize")
    }
    assert set(entry["response"]) == {
        *("status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"),
        *("headersSize", "bodySize"),
    }


def test_path_is_encoded_and_unusual_statuses_have_no_phrase(tmp_path: Path) -> None:
    encoded, lost, unknown = entries(tmp_path, call(path="/v1/é %"), call(status=None), call(status=599))
    assert encoded["request"]["url"] == f"{URL}/v1/%C3%A9%20%25"
    assert (lost["response"]["status"], lost["response"]["statusText"]) == (0, "")
    assert (unknown["response"]["status"], unknown["response"]["statusText"]) == (599, "")
