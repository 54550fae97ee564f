"""The page of the panel as a whole: accessibility, themes, narrow screens, admin token, connection."""

from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import COLLECTION, FIRST, Panel
from tests.live.conftest import TOKENS, StartServer
from tests.live.server import Server

pytestmark = pytest.mark.needs("chromium")

SECRET = "correct-horse"
RESULTS = {"resultTypes": ["violations"]}
Scheme = Literal["light", "dark"]


LOOKS: list[tuple[int, Scheme]] = [(1360, "light"), (1360, "dark"), (400, "light")]
"""Widths and color schemes: every rule of axe in light, and in dark the only one that colors matter for."""
MORE_LOOKS: list[tuple[int, Scheme]] = [*LOOKS, (800, "light"), (400, "dark")]


def assert_accessible(panel: Panel, part: str = "html", looks: list[tuple[int, Scheme]] = LOOKS) -> None:
    """Assert that axe finds nothing in a part of the page, also not in what it calls best practices."""
    is_injected = panel.page.evaluate("'axe' in window")
    axe = Axe("0") if is_injected else Axe()
    found = []
    for width, scheme in looks:
        panel.page.set_viewport_size({"width": width, "height": 900})
        panel.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(panel.page.locator("html")).to_have_attribute("data-theme", scheme)
        options = RESULTS if scheme == "light" else RESULTS | {"runOnly": ["color-contrast"]}
        found += [
            (width, scheme, each["id"], each["help"], node["html"][:200] + node["failureSummary"])
            for each in axe.run(panel.page, part, options).response["violations"]
            for node in each["nodes"]
        ]
        axe = Axe("0")
    assert found == []


@pytest.fixture
def small_panel(open_panel: OpenPanel, server: Server) -> Panel:
    """Open the panel of a world with a few conversations of all kinds: axe takes long for a long table."""
    token = f"axe-{next(TOKENS)}"
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.address}/__admin", headers=headers) as control:
        control.post("/reset", json={"scenario": "documented"}).raise_for_status()
        changes = {"is_pinned": True, "is_muted": True, "archived_at": 1_800_000_000}
        control.put(f"/conversations/{FIRST}", json=changes).raise_for_status()
    return open_panel(token=token, bypass_csp=True)


def test_axe_finds_nothing_on_any_part(small_panel: Panel) -> None:
    panel = small_panel
    panel.wait_for_stream()
    assert_accessible(panel, looks=MORE_LOOKS)  # without calls
    panel.client.post("/__admin/faults", json={"name": "off", "enabled": False, "delay": 5})
    panel.client.post("/__admin/faults", json={"name": "slow", "delay": 5})
    panel.call(COLLECTION, "POST", json={"contact_id": "a"})
    panel.call(COLLECTION, "POST", json={"contact": "a"})
    panel.call(headers={"Prefer": "code=503"})
    expect(panel.rows()).to_have_count(3)
    panel.button("Flaky").click()
    expect(panel.page.locator("#rules li")).to_have_count(3)
    panel.rows().first.click()
    assert_accessible(panel, looks=MORE_LOOKS)  # on a narrow screen with the detail over the page
    panel.button("Close").click()
    assert_accessible(panel, looks=MORE_LOOKS[-1:])
    for name in ("Snapshots", "Clock", "Export and import"):
        panel.page.get_by_role("tab", name=name).click()
        if name == "Snapshots":
            panel.button("Take a snapshot").click()
            expect(panel.page.locator("[data-snapshot]")).to_have_count(1)
        assert_accessible(panel, "#data")
    panel.button("Reset").click()
    expect(panel.button("Undo")).to_be_visible()
    assert_accessible(panel, "#notices")


def test_axe_finds_nothing_on_any_dialog(small_panel: Panel) -> None:
    for opener in ("#world", "#add-rule", "#conversations-add", "#keys-button"):
        small_panel.page.locator(opener).click()
        dialog = small_panel.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        for summary in dialog.locator("summary").all():
            summary.click()
        assert_accessible(small_panel, "dialog[open]")
        small_panel.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


def test_theme_follows_the_system_until_it_is_switched_and_is_remembered(open_panel: OpenPanel) -> None:
    panel = open_panel(color_scheme="dark")
    expect(panel.page.locator("html")).to_have_attribute("data-theme", "dark")
    panel.page.locator("#theme").click()
    expect(panel.page.locator("html")).to_have_attribute("data-theme", "light")
    panel.page.reload()
    expect(panel.page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("width", [1360, 899, 599, 360])
def test_page_is_never_wider_than_the_window(open_panel: OpenPanel, width: int) -> None:
    panel = open_panel(width=width)
    panel.wait_for_stream()
    panel.call(f"{COLLECTION}/{'long' * 60}")
    panel.client.post("/__admin/faults", json={"name": "long" * 20, "delay": 5})
    panel.rows().first.click()
    assert panel.page.evaluate("document.documentElement.scrollWidth") <= width


def test_detail_is_a_sheet_on_a_narrow_screen(open_panel: OpenPanel) -> None:
    panel = open_panel(width=400)
    panel.wait_for_stream()
    panel.call()
    expect(panel.page.locator("#detail")).to_be_hidden()
    panel.rows().first.click()
    expect(panel.page.locator("#detail")).to_be_visible()
    expect(panel.button("Close")).to_be_focused()
    panel.page.keyboard.press("Escape")
    expect(panel.page.locator("#detail")).to_be_hidden()


def test_admin_token_is_asked_for_and_kept_for_the_session_alone(
    start: StartServer, open_panel: OpenPanel
) -> None:
    panel = open_panel(start("--admin-token", SECRET))
    panel.expected_errors.append("403")
    dialog = panel.page.get_by_role("dialog", name="Admin token")
    dialog.get_by_label("Admin token of this server").fill("wrong")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog).to_contain_text("That was not it.")
    dialog.get_by_label("Admin token of this server").fill(SECRET)
    dialog.get_by_role("button", name="Continue").click()
    expect(panel.button("Flaky")).to_be_visible()
    panel.page.reload()
    expect(panel.button("Flaky")).to_be_visible()
    expect(dialog).to_have_count(0)
    assert SECRET not in panel.page.url
    assert SECRET not in panel.page.evaluate("JSON.stringify([{...localStorage}, document.cookie, name])")


def test_lost_connection_is_said_and_mended(start: StartServer, open_panel: OpenPanel) -> None:
    server = start()
    panel = open_panel(server)
    panel.expected_errors.append("ERR_")
    panel.wait_for_stream()
    panel.call()
    expect(panel.rows()).to_have_count(1)
    port = server.port
    assert server.end() == 0
    line = panel.page.get_by_text("The connection to the sandbox is lost since")
    expect(line).to_be_visible()
    start("--port", str(port))
    expect(line).to_be_hidden()
    panel.call(f"{COLLECTION}/after")
    expect(panel.rows().first).to_contain_text("/after")


def test_stream_is_closed_while_the_tab_is_hidden(open_panel: OpenPanel) -> None:
    panel = open_panel()
    panel.wait_for_stream()
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with panel.page.expect_event("requestfailed", lambda request: "/requests/stream" in request.url):
        panel.page.evaluate(hide, True)
    panel.call(f"{COLLECTION}/unseen")
    with panel.page.expect_request(lambda request: "/requests/stream" in request.url):
        panel.page.evaluate(hide, False)
    expect(panel.rows().first).to_contain_text("/unseen")
