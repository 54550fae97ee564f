"""``/__admin/presets``, and rules that are added by the name of a preset."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.faults.presets import PRESETS
from tests.faults.harness import RULES, Harness

Check = Callable[..., str]

PATH = "/__admin/presets"


@pytest.mark.parametrize("owner", ["me", None], ids=["own", "server-wide"])
def test_presets_are_listed_with_name_description_and_rule(owner: str | None) -> None:
    response = Harness().call("GET", PATH, owner)
    assert response.status_code == 200
    assert response.get_json() == {
        "data": [
            {"name": name, "description": preset.description, "rule": preset.rule}
            for name, preset in PRESETS.items()
        ]
    }


def test_listed_rule_can_be_added_as_it_is() -> None:
    harness = Harness()
    for preset in harness.call("GET", PATH).get_json()["data"]:
        harness.rule(**preset["rule"])
        harness.rule(None, preset=preset["name"])
    own, wide = (harness.call("GET", RULES, owner).get_json()["data"] for owner in ("me", None))
    assert [rule | {"id": ""} for rule in own] == [rule | {"id": ""} for rule in wide]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"name": "mine"}, {"name": "mine"}),
        ({"times": 1}, {"times": 1}),
        ({"enabled": False}, {"enabled": False}),
        ({"match": {"method": "POST"}}, {"match": {"method": "POST"}}),
        ({"fault": {"type": "hang"}}, {"fault": {"type": "hang"}}),
        ({"delay": 5}, {"delay": 5}),
    ],
    ids=str,
)
def test_attributes_beside_a_preset_replace_its_own(
    attributes: dict[str, Any], expected: dict[str, Any]
) -> None:
    added = Harness().call("POST", RULES, json={"preset": "outage", **attributes}).get_json()
    assert added == {"id": "rule-1", **PRESETS["outage"].rule, **expected, "matched": 0, "fired": 0}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"preset": "flakey"},
            "preset must be one of slow-3g, flaky, outage, rate-limited, lost-answers, offline, not",
        ),
        ({"preset": 1}, "preset must be one of"),
        ({"preset": None}, "preset must be one of"),
        ({"preset": ["flaky"]}, "preset must be one of"),
        ({"preset": {}}, "preset must be one of"),
        ({"preset": "flaky", "probability": 5}, "write 0.05 for 5 percent"),
        ({"preset": "flaky", "times": 0}, "times must be"),
        ({"presets": "flaky", "delay": 1}, "did you mean preset?"),
    ],
    ids=str,
)
def test_invalid_preset_is_refused(assert_error_shape: Check, document: Any, expected: str) -> None:
    harness = Harness()
    assert_error_shape(harness.call("POST", RULES, json=document), 400, expected)
    assert harness.call("GET", RULES).get_json() == {"data": []}


def test_presets_are_for_new_rules_only(assert_error_shape: Check) -> None:
    harness = Harness()
    harness.rule(delay=1)
    for url, body in ((f"{RULES}/rule-1", {"preset": "flaky"}), (RULES, {"data": [{"preset": "flaky"}]})):
        assert_error_shape(harness.call("PUT", url, json=body), 400, "preset is not an attribute")


def test_repeated_preset_adds_a_rule_each_time() -> None:
    harness = Harness()
    assert [harness.rule(preset="flaky") for _ in range(2)] == ["rule-1", "rule-2"]


def test_presets_count_towards_the_limit_of_rules(assert_error_shape: Check) -> None:
    harness = Harness(max_rules=1)
    harness.rule(preset="flaky")
    assert_error_shape(harness.call("POST", RULES, json={"preset": "flaky"}), 507, "--max-rules")
