"""The example, the tables and the glossary of CONTRIBUTING match the code."""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest

from sandbox.faults.fault import Fault
from sandbox.web.response import Response
from tests.live.server import REPOSITORY

CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text()


class FakeWire:
    """A wire that records the response that a fault sends."""

    def send(self, response: Response) -> Iterable[bytes]:
        self.response = response
        return (response.body,)


def test_example_fault_kind_works() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(re.sub(r"^   ", "", block, flags=re.MULTILINE), namespace)
    wire = FakeWire()
    fault = namespace["SilentError"]()
    assert isinstance(fault, Fault)
    assert b"".join(fault.send(wire)) == b""  # type: ignore[arg-type]  # it has the one method that this fault calls
    assert wire.response.status.startswith("500")


def test_every_package_is_listed() -> None:
    packages = {path.parent.name for path in (REPOSITORY / "sandbox").glob("*/__init__.py")}
    assert packages == set(re.findall(r"sandbox/(\w+)/`", CONTRIBUTING)) & packages


def test_every_named_file_exists() -> None:
    paths = re.findall(r"`((?:sandbox|protocol_sandbox|tests|fixtures)/[\w/]+(?:\.\w+|/))`", CONTRIBUTING)
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


TOPICS = {
    "fault kind",
    "every response",
    "documented attribute",
    "setting",
    "rule fires",
    "invalid filter",
    "reset wake",
    "server start",
    "test kit",
    "received",
}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below ``heading``, without its head."""
    section = CONTRIBUTING.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_lookup_table_covers_every_topic() -> None:
    questions = " ".join(question for question, _ in rows("Where to look"))
    assert [topic for topic in TOPICS if topic not in questions] == []
    for _, file in rows("Where to look"):
        assert re.findall(r"`((?:protocol_)?sandbox/[\w/]+\.py)`", file)


def test_glossary_has_at_most_fifteen_words() -> None:
    assert 1 <= len(rows("Glossary")) <= 15


@pytest.mark.parametrize(("word", "meaning", "name"), rows("Glossary"), ids=lambda cell: cell[:20])
def test_glossary_words_are_in_the_names_that_they_explain(word: str, meaning: str, name: str) -> None:
    module, _, attribute = name.strip("`").rpartition(".")
    try:
        owner: Any = import_module(module)
    except ModuleNotFoundError:
        package, _, outer = module.rpartition(".")
        owner = getattr(import_module(package), outer)
    assert hasattr(owner, attribute)
    assert any(each.strip().lower() in attribute.lower() for each in word.split(","))
    assert meaning
