"""The README lists all settings, scenarios and operations, and the changelog the current version."""

import re
from dataclasses import fields
from typing import Any

import pytest

from sandbox import __version__, operations
from sandbox.settings import Settings, flag_of, variable_of
from tests.docs.readme import table
from tests.live.server import REPOSITORY

SETTINGS = {row[0]: row for row in table("flag", "variable", "default", "meaning")}
SCENARIOS = sorted(path.stem for path in (REPOSITORY / "fixtures").glob("*.json"))


def shown(default: Any) -> str:
    """Return a default as shown in the README's table, or an empty string if the table describes it in words."""
    if default is None or default == ():
        return ""
    return "off" if default is False else f"`{default}`"


@pytest.mark.parametrize("row", fields(Settings), ids=lambda row: row.name)
def test_every_setting_is_in_the_readme_with_flag_variable_and_default(row: Any) -> None:
    flag, variable, default, meaning = SETTINGS[f"`{flag_of(row.name)}`"]
    assert flag == f"`{flag_of(row.name)}`"
    assert variable == f"`{variable_of(row.name)}`"
    assert default == (shown(row.default) or default) != ""
    assert meaning.endswith(".")


def test_readme_has_no_unknown_setting() -> None:
    assert list(SETTINGS) == [f"`{flag_of(row.name)}`" for row in fields(Settings)]


def test_readme_lists_exactly_the_scenarios() -> None:
    assert sorted(row[0].strip("`") for row in table("scenario", "content")) == SCENARIOS
    assert SCENARIOS


@pytest.mark.parametrize("operation", operations.OPERATIONS, ids=lambda operation: operation.id)
def test_every_operation_is_in_the_readme(operation: operations.Operation) -> None:
    rows = {row[0]: row[1] for row in table("operation", "call", "answers")}
    assert rows[f"`{operation.id}`"].startswith(f"`{operation.method} {operation.path}`")


def test_changelog_begins_with_the_current_version() -> None:
    changes = (REPOSITORY / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert versions[0] == __version__
