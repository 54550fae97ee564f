"""Effects: when they are due."""

from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.effect import Effect
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.rate_limit import RateLimit


def test_a_delay_and_most_faults_are_always_due() -> None:
    for effect in (Effect(Fixed(5)), Effect(fault=Hang()), Effect(Fixed(5), Hang(), after=True)):
        assert all(effect.due(None, now) == (True, None) for now in (0.0, 1e9))


def test_an_effect_is_due_when_its_fault_is() -> None:
    effect = Effect(Fixed(5), RateLimit(1, 10))
    is_due, window = effect.due(None, 0.0)
    assert not is_due
    assert effect.due(window, 1.0)[0]
