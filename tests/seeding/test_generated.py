"""The drawn files: what is kept as data is what would be drawn."""

import json
from pathlib import Path

from sandbox.seeding import generated
from sandbox.seeding.provider import conversations
from sandbox.seeding.recipe import Recipe
from sandbox.seeding.scenario import fixtures
from sandbox.seeding.scenario_file import read


def test_the_golden_file_of_default_is_what_faker_draws() -> None:
    file = read(fixtures() / "default.json", "default", "default.json")
    fresh = generated.written(conversations(file.seed, file.recipe))
    assert (fixtures() / "generated" / "default.json").read_bytes() == fresh


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    made = list(conversations(4, Recipe(count=5)))
    path = tmp_path / "drawn.json"
    path.write_bytes(generated.written(made))
    assert generated.read(path) == made


def test_a_drawn_file_has_a_conversation_a_line() -> None:
    lines = generated.written(conversations(4, Recipe(count=5))).decode().splitlines()
    assert [lines[0], lines[-1]] == ["[", "]"]
    assert [next(iter(json.loads(line.rstrip(",")))) for line in lines[1:-1]] == ["id"] * 5
