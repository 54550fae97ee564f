"""Effects: when they are due."""

from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.effect import Effect
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.rate_limit import RateLimit
from sandbox.world.rules import RuleCounters


def test_a_delay_and_most_faults_are_always_due() -> None:
    for effect in (Effect(Fixed(5)), Effect(fault=Hang()), Effect(Fixed(5), Hang(), after=True)):
        assert all(effect.due(RuleCounters(), now) for now in (0.0, 1e9))


def test_an_effect_is_due_when_its_fault_is() -> None:
    effect, counters = Effect(Fixed(5), RateLimit(1, 10)), RuleCounters()
    assert [effect.due(counters, 0.0), effect.due(counters, 1.0)] == [False, True]
