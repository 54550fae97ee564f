"""Effects: when they are due."""

from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.effect import Effect
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.rate_limit import RateLimit
from sandbox.faults.kinds.status import Status
from sandbox.faults.kinds.truncate import Truncate


def test_a_delay_and_most_faults_are_always_due() -> None:
    for effect in (Effect(Fixed(5)), Effect(fault=Hang()), Effect(Fixed(5), Hang(), after=True)):
        assert all(effect.due(None, now) == (True, None) for now in (0.0, 1e9))


def test_an_effect_is_due_when_its_fault_is() -> None:
    effect = Effect(Fixed(5), RateLimit(1, 10))
    is_due, window = effect.due(None, 0.0)
    assert not is_due
    assert effect.due(window, 1.0)[0]


def test_the_api_is_asked_unless_the_fault_takes_its_place() -> None:
    instead = Status(503)
    assert all(
        each.needs_api
        for each in (Effect(Fixed(5)), Effect(fault=Hang(), after=True), Effect(fault=Truncate(1)))
    )
    assert not any(
        each.needs_api for each in (Effect(fault=Hang()), Effect(fault=Truncate(1), instead=instead))
    )
