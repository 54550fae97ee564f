"""The commands of README.md print the output that it shows."""

import os
import re
import shutil
import signal
from pathlib import Path

import httpx
import pytest

from tests.docs.readme import ADDRESS, README, blocks, commands
from tests.live.conftest import StartServer
from tests.live.server import REPOSITORY, Server, environment, shell

RUN_LINE, TEST_LINE = [block.strip() for block in blocks("sh")[:2]]
NOT_COPIED = (".git", ".venv", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", ".schemathesis")
INSTALLATION_SECONDS = 300.0


@pytest.mark.needs("curl")
def test_commands_print_the_shown_output(start: StartServer) -> None:
    server = start()  # shared, because the commands build on each other
    shown = commands()
    assert len(shown) >= 5
    for one in shown:
        printed = shell(one.command.replace(ADDRESS, server.address))
        assert one.matches(printed.replace(server.address, ADDRESS)), f"{one.command}\nprinted\n{printed}"


def test_all_curl_calls_are_in_console_blocks() -> None:
    calls = [one for one in commands() if one.command.startswith("curl ")]
    assert len(calls) == README.count("curl -"), "a call is outside the console blocks"
    for call in calls:
        assert call.output.strip(), f"the README does not show the answer of {call.command}"
        assert ADDRESS in call.command


def test_every_page_of_the_documentation_is_linked() -> None:
    pages = {f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md")}
    assert pages == set(re.findall(r"\]\((docs/\w[\w-]*\.md)\)", README))


def test_setup_commands_are_one_line_each() -> None:
    for line in (RUN_LINE, TEST_LINE):
        assert "\n" not in line
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
    assert RUN_LINE.endswith("protocol-sandbox")
    assert TEST_LINE.endswith("pytest")


def test_test_command_is_the_one_of_ci_and_contributing() -> None:
    assert f"\n{TEST_LINE}" in (REPOSITORY / ".ci" / "run").read_text()
    assert TEST_LINE in blocks("sh", (REPOSITORY / "CONTRIBUTING.md").read_text())[0].splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the repository without generated files, as in a clone."""
    return shutil.copytree(REPOSITORY, tmp_path / "clone", ignore=shutil.ignore_patterns(*NOT_COPIED))


@pytest.mark.clients
def test_run_command_works_in_a_fresh_checkout(checkout: Path) -> None:
    log = checkout.parent / "log"
    server = Server(["sh", "-c", RUN_LINE], environment(SANDBOX_PORT="0"), checkout, log)
    try:
        server.read_banner(INSTALLATION_SECONDS)
        answer = httpx.get(
            f"{server.address}/v1/conversations/xgQQXg3hrtjh7AvZ", headers={"Authorization": "Bearer me"}
        )
        assert answer.json()["contact_id"] == "WAz8eIbvDR60rouK"
        assert (checkout / ".venv" / "bin" / "protocol-sandbox").exists()
    finally:
        if server.process.poll() is None:
            server.press_ctrl_c()
    assert "Traceback" not in server.log
    with pytest.raises(ProcessLookupError):  # no process of the command is left
        os.killpg(server.process.pid, signal.SIGCONT)
