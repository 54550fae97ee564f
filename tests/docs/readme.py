"""README.md as data: code blocks, commands with their output, and tables."""

import re
from typing import NamedTuple

from tests.live.server import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8000"
"""Address of the server in the README."""


class Shown(NamedTuple):
    """A command and its output as shown in the README; ``…`` matches any text."""

    command: str
    output: str

    def matches(self, printed: str) -> bool:
        """Return whether ``printed`` matches the output."""
        pattern = ".*".join(re.escape(part) for part in self.output.strip().split("…"))
        return re.fullmatch(pattern, printed.replace("\r\n", "\n").strip(), re.DOTALL) is not None


def blocks(kind: str, text: str = README) -> list[str]:
    """Return the fenced blocks of a kind, for example ``sh`` or ``console``."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(text: str = README) -> list[Shown]:
    """Return the commands of the console blocks: lines that start with ``$ ``, continued by a final ``\\``."""
    shown = []
    for block in blocks("console", text):
        assert block.startswith("$ "), block
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            found = re.match(r"(?:.*\\\n)*.*\n", part)
            assert found
            shown.append(Shown(found[0].rstrip("\n"), part[found.end() :]))
    return shown


def table(*columns: str, text: str = README) -> list[list[str]]:
    """Return the rows of the table with these column names."""
    head = "| " + " | ".join(columns) + " |\n"
    assert text.count(head) == 1, head
    lines = text[text.index(head) + len(head) :].splitlines()[1:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows
