"""What README.md shows is executed, and works as shown."""

import os
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


def test_every_command_prints_what_the_readme_shows(start: StartServer) -> None:
    server = start()  # one for all of them: they tell one story
    shown = commands()
    assert len(shown) >= 5
    for one in shown:
        printed = shell(one.command.replace(ADDRESS, server.address))
        assert one.matches(printed.replace(server.address, ADDRESS)), f"{one.command}\nprinted\n{printed}"


def test_every_call_of_the_readme_is_executed() -> None:
    calls = [one for one in commands() if one.command.startswith("curl ")]
    assert len(calls) == README.count("curl -"), "a call stands outside of the console blocks"
    for call in calls:
        assert call.output.strip(), f"the README does not show the answer of {call.command}"
        assert ADDRESS in call.command


def test_the_two_set_up_lines_are_one_line_each() -> None:
    for line in (RUN_LINE, TEST_LINE):
        assert "\n" not in line
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
    assert RUN_LINE.endswith("protocol-sandbox")
    assert TEST_LINE.endswith("pytest")


def test_the_test_line_is_the_one_that_ci_runs_and_contributors_read() -> None:
    assert f"\n{TEST_LINE}" in (REPOSITORY / ".ci" / "run").read_text()
    assert TEST_LINE in blocks("sh", (REPOSITORY / "CONTRIBUTING.md").read_text())[0].splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the repository as a clone would have it."""
    return shutil.copytree(REPOSITORY, tmp_path / "clone", ignore=shutil.ignore_patterns(*NOT_COPIED))


def test_the_run_line_installs_and_serves_from_a_bare_checkout(checkout: Path) -> None:
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
    with pytest.raises(ProcessLookupError):  # nothing of the command is left
        os.killpg(server.process.pid, signal.SIGCONT)
