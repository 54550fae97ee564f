"""The table of presets: each is a valid rule, which does what its description says."""

from typing import Any

import pytest

from sandbox.faults.presets import PRESETS
from sandbox.faults.rule_document import RuleDocument
from sandbox.schemas.loading import load
from tests.faults.harness import COLLECTION, RULES, Harness

DOCUMENTED = ["slow-3g", "flaky", "outage", "rate-limited", "lost-answers", "offline"]


def harness_with(preset: str, **attributes: Any) -> Harness:
    harness = Harness()
    harness.rule(preset=preset, **attributes)
    return harness


def test_table_contains_the_documented_presets_in_order() -> None:
    assert list(PRESETS) == DOCUMENTED


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_valid_rule_with_its_name_and_a_description(name: str) -> None:
    preset = PRESETS[name]
    assert load(RuleDocument(), dict(preset.rule), "a rule").document == preset.rule
    assert preset.rule["name"] == name
    assert preset.description.endswith(".")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_added_by_its_name(name: str) -> None:
    harness = Harness()
    added = harness.call("POST", RULES, json={"preset": name})
    assert added.status_code == 201
    assert added.get_json() == {"id": "rule-1", **PRESETS[name].rule, "matched": 0, "fired": 0}


def test_slow_3g_delays_every_call() -> None:
    harness = harness_with("slow-3g")
    for _ in range(200):
        assert harness.call().status_code == 200
    slept = sorted(harness.slept)
    assert len(slept) == 200
    assert 0.3 < slept[100] < 0.5
    assert len([seconds for seconds in slept if seconds > 2]) < 8


def test_flaky_fails_one_call_in_five() -> None:
    harness = harness_with("flaky")
    responses = [harness.call(url="/v1/nothing") for _ in range(200)]
    failed = [response for response in responses if response.status_code == 503]
    assert 20 < len(failed) < 60
    assert {response.headers["Retry-After"] for response in failed} == {"1"}


def test_outage_fails_every_call() -> None:
    harness = harness_with("outage")
    assert [harness.call().status_code for _ in range(3)] == [503] * 3


def test_rate_limited_answers_ten_calls_a_minute() -> None:
    harness = harness_with("rate-limited")
    assert [harness.call().status_code for _ in range(12)] == [200] * 10 + [429] * 2
    harness.now += 60
    assert harness.call().status_code == 200


def test_lost_answers_does_every_call_and_loses_every_second_response() -> None:
    harness = harness_with("lost-answers")
    before = len(harness.ids())
    outcomes = [harness.served("POST", COLLECTION, json={"contact_id": "a"}) for _ in range(4)]
    assert [outcome.status[:3] for outcome in outcomes] == ["201", "", "201", ""]
    assert len(harness.ids()) == before + 4


def test_offline_resets_every_connection_and_does_nothing() -> None:
    harness = harness_with("offline")
    before = harness.ids()
    outcomes = [harness.served("POST", COLLECTION, json={"contact_id": "a"}) for _ in range(3)]
    assert [outcome.status for outcome in outcomes] == [""] * 3
    assert harness.ids() == before
