"""Rules and their counters as JSON values."""

import json

import pytest

from sandbox.engines.valkey.rule_codec import (
    decode_counters,
    decode_rules,
    decode_rules_after,
    encode_counters,
    encode_rules,
    encode_rules_after,
)
from sandbox.faults.presets import PRESETS
from sandbox.faults.rule_document import NewRule
from sandbox.world.rules import RateWindow, Rule, RuleCounters
from tests.engines.valkey.followers import ServerRuleList, rule


def bound(number: int, **document: object) -> Rule:
    return rule(**document).bind(f"rule-{number}", 5.5)


@pytest.mark.parametrize("name", PRESETS)
def test_a_rule_of_each_preset_can_be_decoded_again(name: str) -> None:
    before = NewRule().load({"preset": name, "enabled": False}).bind("rule-3", 0.1)
    (after,) = decode_rules(json.loads(json.dumps(encode_rules([before]))))
    assert (after.id, after.since, after.document, after.enabled) == ("rule-3", 0.1, before.document, False)
    assert after.match == before.match
    assert after.life is not before.life
    assert after.life.is_suspended


def test_a_rule_that_was_switched_keeps_its_life_and_the_others_stay_the_same_objects() -> None:
    first, second, third = before = tuple(bound(number) for number in (1, 2, 3))
    rules = (third, first.switched(enabled=False), bound(4))
    mine = tuple(bound(number) for number in (1, 2, 3))
    after = decode_rules_after(json.loads(json.dumps(encode_rules_after(rules, before))), mine)
    assert after[0] is mine[2]
    assert after[1] is not mine[0]
    assert after[1].life is mine[0].life
    assert not after[1].enabled
    assert after[2].life not in {each.life for each in mine}
    assert second.life not in {each.life for each in rules}


def test_a_rule_that_replaces_another_one_begins_a_life() -> None:
    before = (bound(1),)
    encoded = encode_rules_after((bound(1),), before)
    assert encoded == [[None, "rule-1", 5.5, {"fault": {"type": "status", "status": 503}}]]
    (after,) = decode_rules_after(encoded, before)
    assert after.life is not before[0].life


def test_counters_are_by_place_or_by_number() -> None:
    rules, numbers = (bound(1), bound(2)), ServerRuleList()
    numbers.add(9, rule())
    counters = (
        RuleCounters(rules[1], 5, 2, 5.5, RateWindow(1, 2, 3)),
        RuleCounters(numbers.rules[9], 1, 0, None),
    )
    own, of_server = encode_counters(counters, rules, numbers)
    assert json.loads(json.dumps((own, of_server))) == [[[1, 5, 2, 5.5, [1, 2, 3]]], [[9, 1, 0, None]]]
    assert tuple(decode_counters(json.loads(json.dumps(own)), rules)) == counters[:1]


def test_counters_of_a_server_wide_rule_that_has_ended_are_left_out() -> None:
    numbers = ServerRuleList()
    numbers.add(9, rule())
    ended = numbers.rules[9]
    numbers.remove(9)
    assert encode_counters([RuleCounters(ended, 1)], (), numbers) == ([], [])
