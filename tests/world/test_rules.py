"""A rule as a value: its size, its id and its life."""

from sandbox.world.request_matcher import RequestMatcher
from sandbox.world.rules import Rule, UnboundRule
from tests.world.harness import AlwaysDue, unbound


def test_size_of_a_rule_has_what_its_effect_keeps() -> None:
    small, large = AlwaysDue(), AlwaysDue()
    large.size = small.size + 100
    assert unbound(large).size == unbound(small).size + 100


def test_bind_keeps_every_attribute_and_adds_id_and_since() -> None:
    effect, document, matcher = AlwaysDue(), {"name": "x"}, RequestMatcher("getConversation")
    given = UnboundRule(effect, document, matcher, 1, 2, 3, 0.5, 60.0)
    assert given.bind("rule-4", 5.0) == Rule(
        effect, document, matcher, 1, 2, 3, 0.5, 60.0, id="rule-4", since=5.0
    )


def test_rule_without_a_time_from_which_it_lives_applies_in_all_sandboxes_and_has_a_tally() -> None:
    assert unbound().bind("rule-1", 5.0).tally is None
    tally = unbound().bind("rule-1", None).tally
    assert tally is not None
    tally.add(3, 2)
    tally.add(1, 0)
    assert (tally.matched, tally.fired) == (4, 2)


def test_revived_rule_is_equal_and_has_a_life_of_its_own() -> None:
    old = unbound(enabled=False, times=3).bind("r", None)
    old.life.has_ended = True
    new = old.revived()
    assert new == old
    assert new.life is not old.life
    assert (new.life.has_ended, new.life.is_suspended) == (False, True)


def test_switched_rule_says_so_in_its_document() -> None:
    rule = unbound().bind("r", None)
    off = rule.switched(enabled=False)
    assert (off.enabled, off.document["enabled"], off.life) == (False, False, rule.life)
    assert off.switched(enabled=False) is off
