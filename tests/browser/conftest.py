"""The panel in a real Chromium, driven by Playwright, beside a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.browser.panel import Panel
from tests.live.conftest import TOKENS, StartServer, server_factory
from tests.live.server import Server
from tests.tools import find

OpenPanel = Callable[..., Panel]


@pytest.fixture(scope="package")  # two at once do not work
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start Chromium once for all tests of this folder, without its own sandbox, which does not work as root."""
    browser = playwright.chromium.launch(executable_path=find("chromium"), args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start one server for all tests of this folder that do not change the server itself.

    Each uses a world of its own.
    """
    for start in server_factory(tmp_path_factory.mktemp("server")):
        yield start("--scenario", "default")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Start a server for one test, like the fixture of the same name in tests/live."""
    yield from server_factory(tmp_path)


@pytest.fixture
def open_panel(browser: Browser, server: Server) -> Iterator[OpenPanel]:
    """``open_panel(width=400, color_scheme="dark")``: open the panel on a world that no other test uses.

    After the test, no page may have logged an error: a script that failed, or something that the policy refused.
    """
    contexts: list[BrowserContext] = []
    opened: list[Panel] = []

    def open_(
        server: Server = server,
        *,
        width: int = 1360,
        height: int = 900,
        fragment: str | None = None,
        token: str | None = None,
        **options: object,
    ) -> Panel:
        token = token or f"panel-{next(TOKENS):04}"
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]  # named as Playwright documents them
        context.set_default_timeout(15_000)
        contexts.append(context)
        panel = Panel(context.new_page(), server.address, token)
        opened.append(panel)
        panel.open(f"world={token}" if fragment is None else fragment)
        return panel

    yield open_
    for context in contexts:
        context.close()
    for panel in opened:
        panel.close()
        assert panel.unexpected_errors() == []


@pytest.fixture(scope="package")
def shared_page(browser: Browser) -> Iterator[Page]:
    """Open a page for one panel after the other: one of its own costs each test twice as much."""
    with browser.new_context(viewport={"width": 1360, "height": 900}) as context:
        context.set_default_timeout(15_000)
        yield context.new_page()


@pytest.fixture
def panel(shared_page: Page, server: Server) -> Iterator[Panel]:
    """Open the panel as ``open_panel()`` does, on the shared page, and let it forget all that it keeps afterwards."""
    token = f"panel-{next(TOKENS):04}"
    panel = Panel(shared_page, server.address, token)
    panel.open(f"world={token}")
    yield panel
    panel.close()
    shared_page.evaluate("localStorage.clear(); sessionStorage.clear()")
    shared_page.goto("about:blank")
    assert panel.unexpected_errors() == []
