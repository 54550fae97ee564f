"""The life of a rule."""

import pytest

from sandbox.world.rule_life import RuleLife


@pytest.mark.parametrize(
    ("enabled", "has_ended", "delays_calls"),
    [(True, False, True), (False, False, False), (True, True, False), (False, True, False)],
)
def test_only_a_rule_that_is_on_and_has_not_ended_delays_calls(
    enabled: bool, has_ended: bool, delays_calls: bool
) -> None:
    life = RuleLife(enabled=enabled)
    life.has_ended = has_ended
    assert life.delays_calls is delays_calls


def test_each_life_is_a_key_of_its_own() -> None:
    assert len({RuleLife(), RuleLife()}) == 2
