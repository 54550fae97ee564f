"""The README lists all control API calls, faults, delays and rule attributes, and no others."""

import re
from pathlib import Path

from sandbox.control.table import ENDPOINTS
from sandbox.faults.presets import PRESETS
from sandbox.faults.rule_document import RuleDocument
from sandbox.faults.table import DELAYS, FAULTS
from sandbox.seeding.scenario import load
from tests.docs.readme import README, blocks, table


def test_every_call_of_the_control_api_is_in_the_readme() -> None:
    shown = set()
    for call, _ in table("call", "does"):
        path = re.search(r"/__admin[^`]*", call)
        assert path
        methods = re.findall(r"\b(GET|POST|PUT|DELETE)\b", call)
        shown |= {(method, path[0]) for method in methods}
    assert shown == {(endpoint.operation.method, endpoint.operation.path) for endpoint in ENDPOINTS}


def test_every_fault_is_in_the_readme_with_its_attributes() -> None:
    rows = {
        kind.strip("`"): re.findall(r"`(\w+)`", given)
        for kind, given, _ in table("fault", "attributes", "what happens")
    }
    assert rows == {name: list(kind.attributes) for name, kind in FAULTS.items()}


def test_every_delay_is_in_the_readme_with_its_attributes() -> None:
    rows = {
        kind.strip("`"): re.findall(r"`(\w+)`", given)
        for kind, given, _ in table("delay", "attributes", "what happens")
    }
    assert rows == {name: list(kind.attributes) for name, kind in DELAYS.items()}


def test_every_attribute_of_a_rule_is_in_the_readme() -> None:
    shown = {
        name for cell, _ in table("attribute of a rule", "meaning") for name in re.findall(r"`(\w+)`", cell)
    }
    assert shown == set(RuleDocument().fields)


def test_every_preset_is_in_the_readme_with_its_description() -> None:
    rows = {name.strip("`"): rule for name, rule in table("preset", "rule")}
    assert rows == {name: shown(preset.description) for name, preset in PRESETS.items()}


def shown(sentence: str) -> str:
    """Return a sentence as a cell of a table."""
    return sentence[0].lower() + sentence[1:].rstrip(".")


def test_every_way_to_request_a_fault_is_in_the_readme() -> None:
    for word in (
        "Prefer: code=",
        "__code",
        "trigger_503",
        "revoked_",
        "readonly_",
        "--latency",
        "--error-rate",
    ):
        assert word in README


def test_scenario_file_of_the_readme_is_valid(tmp_path: Path) -> None:
    (written,) = (block for block in blocks("json") if '"generate"' in block)
    path = tmp_path / "my.json"
    path.write_text(written)
    assert load(str(path)).size == 32
