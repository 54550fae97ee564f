"""The examples, tables and glossary of CONTRIBUTING are true."""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest

from sandbox.faults.fault import Fault
from sandbox.web.response import Response
from tests.live.server import REPOSITORY

CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text()


class Sent:
    """A wire that keeps what a fault sends."""

    def send(self, response: Response) -> Iterable[bytes]:
        self.response = response
        return (response.body,)


def test_the_fault_kind_of_the_guide_is_one() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL)
    written: dict[str, Any] = {}
    exec(re.sub(r"^   ", "", block, flags=re.MULTILINE), written)
    wire = Sent()
    fault = written["SilentError"]()
    assert isinstance(fault, Fault)
    assert b"".join(fault.send(wire)) == b""  # type: ignore[arg-type]  # all of a wire that this fault uses
    assert wire.response.status.startswith("500")


def test_every_room_is_in_the_guide() -> None:
    rooms = {path.parent.name for path in (REPOSITORY / "sandbox").glob("*/__init__.py")}
    assert rooms == set(re.findall(r"sandbox/(\w+)/`", CONTRIBUTING)) & rooms


def test_every_file_that_the_guide_names_is_there() -> None:
    named = re.findall(r"`((?:sandbox|tests|fixtures)/[\w/]+(?:\.\w+|/))`", CONTRIBUTING)
    assert named
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


QUESTIONS = {
    "fault kind",
    "every response",
    "documented attribute",
    "setting",
    "rule fires",
    "invalid filter",
    "reset wake",
    "server start",
}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below ``heading``, without its head."""
    section = CONTRIBUTING.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_guide_says_where_to_look() -> None:
    questions = " ".join(question for question, _ in rows("Where to look"))
    assert [topic for topic in QUESTIONS if topic not in questions] == []
    for _, file in rows("Where to look"):
        assert re.findall(r"`(sandbox/[\w/]+\.py)`", file)


def test_the_glossary_is_short() -> None:
    assert 1 <= len(rows("Glossary")) <= 15


@pytest.mark.parametrize(("word", "meaning", "name"), rows("Glossary"), ids=lambda cell: cell[:20])
def test_each_word_of_the_glossary_is_used_in_the_code(word: str, meaning: str, name: str) -> None:
    module, _, attribute = name.strip("`").rpartition(".")
    try:
        owner: Any = import_module(module)
    except ModuleNotFoundError:
        package, _, outer = module.rpartition(".")
        owner = getattr(import_module(package), outer)
    assert hasattr(owner, attribute)
    assert any(each.strip().lower() in attribute.lower() for each in word.split(","))
    assert meaning
