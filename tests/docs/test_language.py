"""Docstrings and names are plain technical English, as CONTRIBUTING demands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.server import REPOSITORY

FOLDERS = ("sandbox", "protocol_sandbox", "tests", "benchmarks")
FILES = sorted(path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))
PROSE = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PROSE += sorted((REPOSITORY / "docs").glob("*.md"))

FIRST_WORDS = re.compile(r"(What|How|Whether|Where|Which|Who|Whoever|Whatever)\b")
COINED = re.compile(
    r"how manieth|so[- ]many-th|\bis no (?:JSON|HTTP)\b|\bno (?:JSON|HTTP) (?:object|request)\b"
)

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Return the line and the text of every docstring in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text


def names(path: Path) -> Iterator[str]:
    """Return the names of all functions in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node.name


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_begin_with_a_verb_or_a_noun(folder: str) -> None:
    files = [path for path in FILES if path.is_relative_to(REPOSITORY / folder)]
    assert files
    found = [
        (path.name, line) for path in files for line, text in docstrings(path) if FIRST_WORDS.match(text)
    ]
    assert found == []


def test_names_of_tests_begin_with_their_subject() -> None:
    tests = {name for path in FILES for name in names(path) if name.startswith("test_")}
    assert len(tests) > 500
    assert [name for name in tests if re.match(r"test_(what|who|whoever|how|where|whatever)_", name)] == []


@pytest.mark.parametrize("path", [*FILES, *PROSE], ids=lambda path: path.name)
def test_no_coined_idioms(path: Path) -> None:
    if path != Path(__file__):
        assert COINED.findall(path.read_text()) == []
