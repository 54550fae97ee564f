"""Faults and preflights as seen by a page from another port, in a real browser."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from tests.live.conftest import StartServer
from tests.live.server import Server

pytestmark = pytest.mark.needs("chromium")

PAGE = """<!doctype html><title>page</title><pre id="seen"></pre><script>
const calls = CALLS;
async function made(call) {
  try {
    const answer = await fetch("SANDBOX" + call.path, {
      method: call.method || "GET", headers: {Authorization: "Bearer page", ...call.headers}, body: call.body});
    const shown = ["Allow", "X-Sandbox-Fault", "X-Sandbox-Rule", "X-Sandbox-Delay-Ms", "Retry-After", "X-Request-Id"];
    return {status: answer.status, text: await answer.text(),
            headers: Object.fromEntries(shown.map(name => [name, answer.headers.get(name)]))};
  } catch (error) { return {error: error.name}; }
}
(async () => {
  const seen = [];
  for (const call of calls) seen.push(await made(call));
  document.getElementById("seen").textContent = JSON.stringify(seen);
})();
</script>"""
ITEM = "/v1/conversations/xgQQXg3hrtjh7AvZ"


def call_from_page(
    browser: Browser, server: Server, folder: Path, calls: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Make the calls in order from a page on another port, and return the results of its script."""
    page = PAGE.replace("SANDBOX", server.address).replace("CALLS", json.dumps(calls))
    (folder / "index.html").write_text(page)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        with browser.new_context() as context:
            shown = context.new_page()
            shown.goto(f"http://127.0.0.1:{pages.server_port}/index.html")
            answers: list[dict[str, Any]] = json.loads(shown.locator("#seen:not(:empty)").inner_text())
        pages.shutdown()
    return answers


class QuietHandler(SimpleHTTPRequestHandler):
    """Serve a folder without logging."""

    def log_message(self, *_: Any) -> None:
        """Discard the message."""


def test_page_reads_faulted_responses_and_their_headers(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    plain, failed, limited, lost = call_from_page(
        browser,
        server,
        tmp_path,
        [
            {"path": ITEM},
            {"path": ITEM, "headers": {"Prefer": "code=503, delay=20"}},
            {"path": "/v1/conversations", "method": "POST", "body": '{"contact_id": "trigger_429"}',
             "headers": {"Content-Type": "application/json"}},
            {"path": ITEM, "headers": {"Prefer": "fault=CONNECTION_RESET_BY_PEER"}},
        ],
    )  # fmt: skip
    assert plain["status"] == 200
    assert plain["headers"]["X-Request-Id"]
    assert failed["status"] == 503
    assert failed["headers"]["X-Sandbox-Fault"] == "status"
    assert failed["headers"]["X-Sandbox-Delay-Ms"] == "20"
    assert json.loads(failed["text"])["type"] == "api_error"
    assert (limited["status"], limited["headers"]["X-Sandbox-Rule"]) == (429, "data")
    assert lost == {"error": "TypeError"}  # fetch reports every broken connection like this


def test_preflights_are_never_faulted(browser: Browser, start: StartServer, tmp_path: Path) -> None:
    server = start()  # server-wide rules are for everybody
    me = {"Authorization": "Bearer page"}
    rule = {"fault": {"type": "status", "status": 500}}
    httpx.post(f"{server.address}/__admin/faults", json=rule).raise_for_status()
    httpx.post(f"{server.address}/__admin/faults", json=rule, headers=me).raise_for_status()
    # A failed preflight would be a TypeError instead of a response with a status.
    (answer,) = call_from_page(browser, server, tmp_path, [{"path": ITEM, "method": "DELETE"}])
    assert answer["status"] == 500
    preflights = httpx.get(f"{server.address}/__admin/requests?method=OPTIONS").json()["data"]
    assert preflights
    assert {(each["status"], each["fault"]) for each in preflights} == {(204, None)}
