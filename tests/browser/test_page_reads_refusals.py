"""Calls that the API refuses by path or method, as seen by a page from another port, in a real browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.test_page_reads_faults import call_from_page
from tests.live.server import Server

pytestmark = pytest.mark.needs("chromium")

ITEM = "/v1/conversations/xgQQXg3hrtjh7AvZ"
CALLS = [
    ("GET", "/", 200),
    ("DELETE", "/", 405),
    ("GET", "/nothing", 404),
    ("DELETE", "/nothing", 404),
    ("GET", "/v1", 404),
    ("PUT", "/v2/conversations", 404),
    ("GET", "/v1/caf%C3%A9", 404),
    ("GET", "/__administrator", 404),
    ("PATCH", ITEM, 405),
    ("patch", ITEM, 405),
    ("BREW", ITEM, 405),
    ("Put", ITEM, 200),  # browsers send PUT
    ("OPTIONS", ITEM, 204),
    ("PATCH", "/openapi.json", 405),
    ("POST", "/openapi.json", 405),
    ("GET", "/openapi.json", 200),
]


def test_page_reads_every_refusal_by_path_or_method(browser: Browser, server: Server, tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "a", "Prefer": "respond-async", "X-Of-My-Own": "a"}
    calls = [{"method": method, "path": path, "headers": headers} for method, path, _ in CALLS]
    answers = call_from_page(browser, server, tmp_path, calls)
    seen = [(*call[:2], answer.get("status", answer)) for call, answer in zip(CALLS, answers, strict=True)]
    assert seen == CALLS
    for answer in answers:
        assert answer["headers"]["X-Request-Id"]
        if answer["status"] == 405:
            assert "GET" in answer["headers"]["Allow"]
            assert json.loads(answer["text"])["type"] == "invalid_request"


def test_page_of_another_site_reads_nothing_of_the_control_api(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    answers = call_from_page(
        browser, server, tmp_path, [{"path": "/__admin/clock"}, {"path": "/__admin/nothing"}]
    )
    assert answers == [{"error": "TypeError"}] * 2
