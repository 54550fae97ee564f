"""docs/testing.md: its examples are files that pass, and its commands print the output that it shows."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

import protocol_sandbox
from protocol_sandbox import Sandbox, Server
from sandbox.cli import command
from sandbox.settings import Settings
from tests.docs.readme import README, Shown, blocks, commands
from tests.kit.suite import PYTEST, Suite
from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, environment

EXAMPLES = REPOSITORY / "docs" / "examples"
PAGE = (REPOSITORY / "docs" / "testing.md").read_text()
PAGES = {"README.md": README} | {
    f"docs/{name}.md": (REPOSITORY / "docs" / f"{name}.md").read_text()
    for name in ("testing", "other-languages", "store")
}
KINDS = ("python", "bash", "go", "haproxy", "html", "ts")
"""The languages of examples. Commands are in blocks of other kinds."""
NOT_SHOWN = {"go/go.mod", "playwright/package.json", "vitest/package.json"}
ACCESS = ("name", "url", "prefixed_url", "token", "headers")
INCLUDED = re.compile(r"<!-- docs/examples/(\S+) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_blocks_of_code_are_the_files_that_they_name(page: str) -> None:
    included = INCLUDED.findall(page)
    assert len(included) == sum(len(blocks(kind, page)) for kind in KINDS) > 0
    for name, block in included:
        assert block == (EXAMPLES / name).read_text(), f"copy docs/examples/{name} into the page"


def test_every_example_is_in_a_page() -> None:
    included = {name for page in PAGES.values() for name, _ in INCLUDED.findall(page)}
    examples = {path for path in EXAMPLES.rglob("*.*") if "node_modules" not in path.parts and path.is_file()}
    assert included | NOT_SHOWN == {str(path.relative_to(EXAMPLES)) for path in examples}


def test_examples_pass() -> None:
    done = subprocess.run(
        [*Suite.command(PYTEST), "-c", "/dev/null", "--rootdir", ".", "--strict-markers", "-W", "error", "."],
        cwd=EXAMPLES,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "14 passed" in done.stdout


def test_example_for_unittest_passes_without_pytest() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest", "test_with_unittest"],
        cwd=EXAMPLES,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr


@pytest.mark.needs("curl")
def test_command_prints_the_shown_output_and_summary(tmp_path: Path) -> None:
    (shown,) = commands(PAGE)
    summary = Shown("", blocks("text", PAGE)[1].rstrip() + "…")
    done = subprocess.run(
        ["sh", "-c", shown.command],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert shown.matches(done.stdout), done.stdout
    assert summary.matches(done.stderr), done.stderr


def test_explanation_of_a_failed_assertion_is_the_shown_one() -> None:
    with Server(scenario="blank") as server:
        sandbox = server.world()
        collection, headers = f"{server.url}/v1/conversations", dict(sandbox.headers)
        httpx.get(collection, headers=headers)
        httpx.post(collection, headers=headers, data={"contact_id": "WAz8eIbvDR60rouk"})
        with pytest.raises(AssertionError) as failure:
            sandbox.received("createConversation", times=1, body={"contact_id": "WAz8eIbvDR60rouK"})
    assert f"{failure.value}\n" == blocks("text", PAGE)[0]


@pytest.mark.parametrize("name", [name for name in (*vars(Sandbox), *ACCESS) if not name.startswith("_")])
def test_every_attribute_of_a_sandbox_is_described(name: str) -> None:
    assert re.search(rf"`(?:[^`\n]*\W)?{name}\b", PAGE)


def test_every_option_of_exec_and_of_the_plugin_is_described(request: pytest.FixtureRequest) -> None:
    group: Any = command()
    settings = {"--" + row.name.replace("_", "-") for row in fields(Settings)}
    options = {option.opts[0] for option in group.commands["exec"].params if option.opts[0].startswith("--")}
    plugin = {f"--sandbox-{name}" for name in ("scenario", "seed", "setting", "strict-worlds", "url")}
    for option in (options - settings) | plugin:
        assert f"`{option}" in PAGE
    assert all(request.config.getoption(option, None) in (None, []) for option in plugin)


def test_public_names_of_the_kit_that_tests_need_are_described() -> None:
    for name in ("Server", "RunningServer", "InProcess", "ControlError"):
        assert name in protocol_sandbox.__all__
        assert f"`{name}" in PAGE or f"import {name}" in PAGE
