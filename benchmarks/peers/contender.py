"""A server that is compared, and how it is called and checked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers.content import COLLECTION, CREATE, FORM, LIST_10, LIST_50, RETRIEVE, Content

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path(__file__).parent
"""The folder in which the commands of ``benchmarks/README.md`` install the peers."""

AUTHORIZATION = {"Authorization": "Bearer bench"}
SIZES = {LIST_10: 10, LIST_50: 50}


class Call(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = ""


Check = Callable[[str, int, Any], bool]
"""Returns whether an operation was answered correctly, given its name, the status and the decoded body."""


class Contender(NamedTuple):
    """A server that can be started."""

    name: str
    version: str
    how: str
    """The command line as a user would type it."""
    write: Callable[[Path], None]
    """Writes the content into a folder."""
    command: Callable[[Path, int], list[str]]
    """Returns the command for that folder and a port."""
    calls: dict[str, Call]
    check: Check
    folder: Path | None = None
    """The working directory, if it is not that folder."""
    content: str = "the conversations"
    """The content that it serves, in words."""


class Missing(NamedTuple):
    """A server that is not installed."""

    name: str
    reason: str


def calls(identity: str, collection: str = COLLECTION, limit: str = "limit") -> dict[str, Call]:
    """Return the call of each operation."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return {
        RETRIEVE: Call("GET", f"{collection}/{identity}", {**AUTHORIZATION}),
        LIST_10: Call("GET", f"{collection}?{limit}=10", {**AUTHORIZATION}),
        LIST_50: Call("GET", f"{collection}?{limit}=50", {**AUTHORIZATION}),
        CREATE: Call("POST", collection, {**AUTHORIZATION, **form}, FORM),
    }


def conversations(content: Content) -> Check:
    """Return a check for one conversation, the first ten, the first fifty, and a new one with its contact."""
    contact = json.loads(content.bodies[CREATE])["contact_id"]

    def check(operation: str, status: int, answer: Any) -> bool:
        if operation == CREATE:
            return bool(status == 201 and answer["contact_id"] == contact)
        found = answer["data"] if isinstance(answer, dict) and "data" in answer else answer
        expected = content.conversations
        return bool(
            status == 200
            and found == (expected[0] if operation == RETRIEVE else expected[: SIZES[operation]])
        )

    return check


def write(path: Path, document: object) -> None:
    """Write a JSON document."""
    path.write_text(json.dumps(document))
