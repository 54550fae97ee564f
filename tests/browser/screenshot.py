"""The screenshot of the panel in the README: ``python -m tests.browser.screenshot`` makes it again."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tests.browser.panel import COLLECTION, ITEM, Panel
from tests.live.conftest import server_factory
from tests.live.server import REPOSITORY
from tests.tools import find

TARGET = REPOSITORY / "docs" / "panel.png"
TOKEN = "me"
CALLS = 24
SLOW = {
    "name": "slow lists",
    "match": {"operation": "listConversations"},
    "delay": {"type": "lognormal", "median": 80, "p99": 300},
}
FLAKY = {
    "name": "flaky create",
    "match": {"operation": "createConversation"},
    "times": 2,
    "fault": {"type": "status", "status": 503, "retry_after": 1},
}


def make_calls(panel: Panel) -> None:
    """Make calls as a client under development does: mostly good, some wrong, some that a rule lets fail."""
    draws = random.Random(5)
    for _ in range(CALLS):
        kind = draws.random()
        if kind < 0.45:
            panel.call(f"{COLLECTION}?limit={draws.choice([10, 20, 50])}")
        elif kind < 0.65:
            panel.call(COLLECTION, "POST", data={"contact_id": "WAz8eIbvDR60rouK"})
        elif kind < 0.75:
            panel.call(COLLECTION, "POST", data={"contact": "WAz8eIbvDR60rouK"})
        elif kind < 0.9:
            panel.call(ITEM)
        else:
            panel.call(ITEM, "PUT", data={"is_muted": "true"})


def main() -> None:
    """Start a server and Chromium, and write the file."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        for start in server_factory(Path(folder)):
            server = start()
            browser = playwright.chromium.launch(executable_path=find("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
            panel = Panel(page, server.address, TOKEN)
            panel.open(f"world={TOKEN}")
            panel.client.post("/__admin/faults", json=SLOW).raise_for_status()
            make_calls(panel)
            panel.client.post("/__admin/faults", json=FLAKY).raise_for_status()
            for path, method in (
                (COLLECTION, "POST"),
                (ITEM, "GET"),
                (COLLECTION, "POST"),
                (COLLECTION, "GET"),
            ):
                panel.call(
                    path, method, data={"contact_id": "WAz8eIbvDR60rouK"} if method == "POST" else None
                )
            panel.rows().filter(has_text="flaky create").first.click()
            TARGET.parent.mkdir(exist_ok=True)
            page.mouse.move(0, 0)
            page.wait_for_timeout(1500)  # the counters of the rules are read once a second
            page.screenshot(path=TARGET)
            panel.client.close()
            browser.close()


if __name__ == "__main__":
    main()
