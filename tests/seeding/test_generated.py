"""Generated files: their data is what would be generated."""

import json
from pathlib import Path

from sandbox.seeding import generated
from sandbox.seeding.provider import conversations
from sandbox.seeding.recipe import Recipe
from sandbox.seeding.scenario import fixtures
from sandbox.seeding.scenario_file import read


def test_the_file_of_default_is_what_faker_generates() -> None:
    file = read(fixtures() / "default.json", "default", "default.json")
    fresh = generated.encode_file(conversations(file.seed, file.recipe))
    assert (fixtures() / "generated" / "default.json").read_bytes() == fresh


def test_an_encoded_file_is_read_back(tmp_path: Path) -> None:
    made = list(conversations(4, Recipe(count=5)))
    path = tmp_path / "drawn.json"
    path.write_bytes(generated.encode_file(made))
    assert generated.read(path) == made


def test_a_generated_file_has_one_conversation_per_line() -> None:
    lines = generated.encode_file(conversations(4, Recipe(count=5))).decode().splitlines()
    assert [lines[0], lines[-1]] == ["[", "]"]
    assert [next(iter(json.loads(line.rstrip(",")))) for line in lines[1:-1]] == ["id"] * 5
