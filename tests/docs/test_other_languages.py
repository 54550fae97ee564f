"""docs/other-languages.md: its commands run the examples beside them."""

import shutil
from pathlib import Path

import pytest

from tests.clients.programs import run
from tests.docs.readme import blocks
from tests.live.server import REPOSITORY, free_port
from tests.tools import find

EXAMPLES = REPOSITORY / "docs" / "examples"
PAGE = (REPOSITORY / "docs" / "other-languages.md").read_text()
CURL, GO, *NPM = [block.strip() for block in blocks("sh", PAGE)]


@pytest.mark.needs("curl")
def test_example_for_curl_passes() -> None:
    output = run("sh", "-c", CURL, folder=EXAMPLES)
    assert '"contact_id":"WAz8eIbvDR60rouK"' in output


@pytest.mark.clients
@pytest.mark.needs("go")
def test_example_for_go_passes() -> None:
    assert run("sh", "-c", f"{GO} -count=1 -v", folder=EXAMPLES / "go").count("--- PASS") == 2


@pytest.mark.clients
@pytest.mark.needs("node")
@pytest.mark.needs("npm")
def test_example_for_vitest_passes(tmp_path: Path) -> None:
    assert "Tests  2 passed" in npm_test(tmp_path, "vitest", NO_COLOR="1")


@pytest.mark.clients
@pytest.mark.needs("node")
@pytest.mark.needs("npm")
@pytest.mark.needs("chromium")
def test_example_for_playwright_passes(tmp_path: Path) -> None:
    ports = {"SANDBOX_PORT": str(free_port()), "APP_PORT": str(free_port())}
    assert "2 passed" in npm_test(tmp_path, "playwright", CHROMIUM=find("chromium"), **ports)


def npm_test(folder: Path, example: str, **variables: str) -> str:
    """Install the packages of an example in ``folder``, run the command of the page there and return its output."""
    assert NPM == ["npm test"] * 2
    shutil.copytree(EXAMPLES / example, folder, dirs_exist_ok=True)
    node, npm = find("node"), find("npm")
    options = ("--no-audit", "--no-fund", "--loglevel=error")
    run(node, npm, "install", *options, folder=folder, path=Path(node).parent)
    return run(node, npm, "test", folder=folder, path=Path(node).parent, **variables)
