"""The panel as a test uses it: a page, the client under development, and the control API to check against."""

from typing import Any

import httpx
from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

FIRST = "xgQQXg3hrtjh7AvZ"
COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/{FIRST}"


class Panel:
    """The panel of one world. ``client`` calls the API with its token; ``errors`` is what the page logged.

    ``expected_errors`` are parts of messages that Chromium logs for responses that a test provokes.
    """

    def __init__(self, page: Page, address: str, token: str) -> None:
        self.page = page
        self.address = address
        self.token = token
        self.client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.errors: list[str] = []
        self.expected_errors: list[str] = []
        page.on("console", self._logged)
        page.on("pageerror", self._failed)

    def open(self, fragment: str) -> None:
        """Go to the panel and wait until it shows whether there are calls."""
        self.page.goto(f"{self.address}/__admin/#{fragment}")
        expect(self.page.get_by_role("heading", name="protocol-sandbox")).to_be_visible()

    def close(self) -> None:
        """Close the client, and listen to the page no longer."""
        self.client.close()
        self.page.remove_listener("console", self._logged)
        self.page.remove_listener("pageerror", self._failed)

    def wait_for_stream(self) -> None:
        """Wait until calls are shown as they happen."""
        expect(self.page.locator("#calls-empty, #calls-list").locator("visible=true").first).to_be_visible()

    def rows(self) -> Locator:
        """Return the calls that are drawn."""
        return self.page.get_by_role("listbox", name="Calls, newest first").get_by_role("option")

    def button(self, name: str) -> Locator:
        """Return the visible button with exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def call(self, path: str = ITEM, method: str = "GET", **arguments: Any) -> httpx.Response | None:
        """Make a call as the client under development; None if no response came."""
        try:
            return self.client.request(method, path, **arguments)
        except httpx.TransportError:
            return None

    def control(self, path: str) -> Any:
        """Return what the control API has at a path, for this world."""
        return self.client.get(f"/__admin{path}").raise_for_status().json()

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules of the world."""
        rules: list[dict[str, Any]] = self.control("/faults")["data"]
        return rules

    def unexpected_errors(self) -> list[str]:
        """Return what the page logged and the test did not expect."""
        return [text for text in self.errors if not any(part in text for part in self.expected_errors)]

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _failed(self, error: Error) -> None:
        self.errors.append(str(error))
