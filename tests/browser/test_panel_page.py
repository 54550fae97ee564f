"""The page of the panel as a whole: accessibility, themes, narrow screens, admin token, connection."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import COLLECTION, Panel
from tests.live.conftest import StartServer

pytestmark = pytest.mark.needs("chromium")

SECRET = "correct-horse"


def assert_accessible(panel: Panel) -> None:
    """Assert that axe finds nothing, also not in what it calls best practices."""
    violations = Axe().run(panel.page).response["violations"]
    found = [
        (each["id"], each["help"], [node["html"][:200] + node["failureSummary"] for node in each["nodes"]])
        for each in violations
    ]
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 800, 400])
def test_axe_finds_nothing_on_any_part(open_panel: OpenPanel, scheme: str, width: int) -> None:
    panel = open_panel(width=width, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    assert_accessible(panel)  # with nothing in it
    panel.client.post("/__admin/faults", json={"name": "off", "enabled": False, "delay": 5})
    panel.client.post("/__admin/faults", json={"name": "slow", "delay": 5})
    panel.call(COLLECTION, "POST", json={"contact_id": "a"})
    panel.call(COLLECTION, "POST", json={"contact": "a"})
    panel.call(headers={"Prefer": "code=503"})
    expect(panel.rows()).to_have_count(3)
    panel.button("Flaky").click()
    expect(panel.page.locator("#rules li")).to_have_count(3)
    panel.rows().first.click()
    assert_accessible(panel)
    if width == 400:
        panel.button("Close").click()
    for name in ("Snapshots", "Clock", "Export and import"):
        panel.page.get_by_role("tab", name=name).click()
        if name == "Snapshots":
            panel.button("Take a snapshot").click()
            expect(panel.page.locator("[data-snapshot]")).to_have_count(1)
        assert_accessible(panel)
    panel.button("Reset").click()
    expect(panel.button("Undo")).to_be_visible()
    assert_accessible(panel)


@pytest.mark.parametrize("opener", ["#world", "#add-rule", "#conversations-add", "#keys-button"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_dialog(open_panel: OpenPanel, scheme: str, opener: str) -> None:
    panel = open_panel(color_scheme=scheme, bypass_csp=True)
    panel.page.locator(opener).click()
    dialog = panel.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for summary in dialog.locator("summary").all():
        summary.click()
    assert_accessible(panel)
    panel.page.keyboard.press("Escape")
    expect(panel.page.get_by_role("dialog")).to_have_count(0)


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
