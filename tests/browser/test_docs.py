"""The documentation page in a real browser: it keeps its policy, and its calls work."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.live.server import Server

pytestmark = pytest.mark.needs("chromium")

STATUS = ".live-responses-table tbody .response-col_status"


@pytest.fixture
def complaints() -> list[str]:
    """Return a list of what the browser complains about, such as a violation of the policy."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        yield page


def execute(page: Page, operation: str) -> str:
    """Try an operation out, and return the status of its response."""
    page.click(f"#{operation} .opblock-summary-control")
    page.click(f"#{operation} button.execute")
    return page.wait_for_selector(f"#{operation} {STATUS}").inner_text()  # type: ignore[union-attr]


def test_calls_of_both_apis_can_be_tried(server: Server, page: Page, complaints: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.address}/docs")
    page.click("button.authorize")
    page.fill(".auth-container input", "me")
    page.click(".auth-btn-wrapper button[type=submit]")
    page.click(".auth-btn-wrapper button.btn-done")
    assert execute(page, "operations-conversations-listConversations") == "200"
    page.click("#control")
    assert execute(page, "operations-control-getHealth") == "200"
    assert page.get_attribute("#control", "aria-current") == "page"
    assert complaints == []
    assert {url for url in asked if not url.startswith((server.address, "data:"))} == set()


def test_documentation_follows_the_color_scheme_of_the_browser(server: Server, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server.address}/docs")
    assert page.locator("html.dark-mode").count() == 1
    page.emulate_media(color_scheme="light")
    assert page.wait_for_selector("html:not(.dark-mode)") is not None


def test_start_page_leads_to_panel_and_documentation(
    server: Server, page: Page, complaints: list[str]
) -> None:
    page.goto(server.address)
    page.click("text=/docs")
    page.wait_for_selector(".opblock")
    page.goto(server.address)
    page.click("a[href='/__admin/']")
    assert page.url == f"{server.address}/__admin/"
    page.wait_for_load_state()
    assert [text for text in complaints if "Content Security Policy" in text] == []
