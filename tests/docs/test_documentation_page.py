"""The requests of the documentation page return the documented responses.

``conversations.txt`` is the unchanged page, which is the specification. Only the host of its requests is replaced.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.live.conftest import server_factory
from tests.live.server import Server, shell

PAGE = Path(__file__).with_name("conversations.txt").read_text()
HOST = "https://api.protocol.chat"


class Example(NamedTuple):
    """A documented request and its response."""

    section: str
    command: str
    response: str

    def run_against(self, address: str) -> Any:
        """Run the command and return its response, with objects as lists of pairs to compare the order of keys."""
        assert self.command.count(HOST) == 1
        return ordered(shell(self.command.replace(HOST, address)))


def ordered(text: str) -> Any:
    """Return parsed JSON, with objects as lists of pairs."""
    return json.loads(text, object_pairs_hook=list)


def examples_of(page: str) -> list[Example]:
    """Return the examples of ``page``, delimited by "Request", "Response" and the end of the JSON."""
    examples = []
    lines = page.splitlines()
    section = ""
    for number, line in enumerate(lines):
        if line.startswith("This endpoint"):
            section = lines[number - 1]
        if line == "Request":
            response = lines.index("Response", number)
            end = lines.index("}", response)  # the page does not indent, so count braces
            while (text := "\n".join(lines[response + 1 : end + 1])).count("{") > text.count("}"):
                end = lines.index("}", end + 1)
            examples.append(Example(section, "\n".join(lines[number + 1 : response]), text))
    return examples


EXAMPLES = {example.section: example for example in examples_of(PAGE)}
CREATES = [example for example in EXAMPLES.values() if "-d 'contact_id'=" in example.command]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """Start a server for each scenario that the page is compared with."""
    for start in server_factory(tmp_path_factory.mktemp("servers")):
        yield {name: start("--scenario", name) for name in ("blank", "documented", "default")}


def test_all_examples_are_found() -> None:
    assert list(EXAMPLES) == [
        "Search",
        "List all sound effects",
        "List all tags",
        "Similar sounds",
        "Download a sound",
        "Retrieve a sound",
    ]
    assert len(EXAMPLES) == PAGE.count("curl ")
    assert len(CREATES) == 4


@pytest.mark.needs("curl")
@pytest.mark.parametrize("example", CREATES, ids=lambda example: example.section)
def test_create_returns_the_documented_response(servers: dict[str, Server], example: Example) -> None:
    server = servers["blank"]
    # The page has the id of the first conversation that a sandbox creates.
    httpx.post(f"{server.address}/__admin/reset?all=true", json={}).raise_for_status()
    assert example.run_against(server.address) == ordered(example.response)


@pytest.mark.needs("curl")
def test_list_returns_the_documented_response(servers: dict[str, Server]) -> None:
    server = servers["documented"]
    example = EXAMPLES["List all sound effects"]
    assert example.response.count("// ...") == 1  # the second conversation is abbreviated
    documented = dict(ordered(example.response.replace("// ...", "")))
    answered = dict(example.run_against(server.address))
    assert list(answered) == list(documented) == ["has_more", "data"]
    assert answered["has_more"] is documented["has_more"]
    assert answered["data"][0] == documented["data"][0]
    assert len(answered["data"]) == len(documented["data"])
    assert answered["data"][1][0] == documented["data"][1][0] == ("id", "hSIhXBhNe8X1d8Et")


@pytest.mark.needs("curl")
@pytest.mark.parametrize("scenario", ["documented", "default"])
def test_retrieve_returns_the_documented_response(servers: dict[str, Server], scenario: str) -> None:
    server = servers[scenario]
    example = EXAMPLES["Retrieve a sound"]
    assert example.run_against(server.address) == ordered(example.response)


@pytest.mark.needs("curl")
def test_list_of_the_default_scenario_begins_as_documented(servers: dict[str, Server]) -> None:
    server = servers["default"]
    example = EXAMPLES["List all sound effects"]
    documented = dict(ordered(example.response.replace("// ...", "")))
    answered = dict(example.run_against(server.address))
    assert len(answered["data"]) == 10
    assert answered["data"][0] == documented["data"][0]
    assert answered["data"][1][0] == documented["data"][1][0]
