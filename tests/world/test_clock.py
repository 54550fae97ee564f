"""The clock of a sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world.clock import Clock, ClockState
from tests.world.harness import FakeClock

START = 1_000_000


def test_running_clock_follows_now() -> None:
    machine = FakeClock(1000.25)
    clock = Clock(machine)
    assert clock.time() == 1000.25
    machine.now = 1003.5
    assert clock.time() == 1003.5
    assert clock.state.frozen_at is None


def test_offset_moves_clock_ahead_or_behind() -> None:
    machine = FakeClock(START)
    assert Clock(machine, offset=50).time() == START + 50
    assert Clock(machine, offset=-50).time() == START - 50


def test_frozen_clock_does_not_advance() -> None:
    machine = FakeClock(START)
    clock = Clock(machine, frozen_at=692233200)
    machine.now += 1000
    assert clock.state.frozen_at == 692233200
    assert clock.time() == 692233200
    assert clock.seconds() == 692233200


def test_clock_can_be_frozen_at_the_epoch() -> None:
    clock = Clock(FakeClock(START), frozen_at=0)
    assert clock.state.frozen_at == 0
    assert clock.time() == 0


def test_seconds_are_rounded_down_to_an_int() -> None:
    seconds = Clock(FakeClock(1000.999)).seconds()
    assert seconds == 1000
    assert type(seconds) is int
    assert type(Clock(FakeClock(START), frozen_at=5.5).seconds()) is int


def test_freeze_without_time_stops_at_the_current_time() -> None:
    machine = FakeClock(START)
    clock = Clock(machine, offset=7)
    clock.set(clock.frozen())
    machine.now += 1000
    assert clock.time() == START + 7


@pytest.mark.parametrize("at", [0, START - 500, START + 500])
def test_freeze_accepts_past_and_future_times(at: int) -> None:
    clock = Clock(FakeClock(START))
    assert clock.time() == START
    clock.set(clock.frozen(at))
    assert clock.time() == at


@pytest.mark.parametrize("at", [0, START - 500, START + 500])
def test_resumed_clock_continues_from_the_frozen_time(at: int) -> None:
    machine = FakeClock(START)
    clock = Clock(machine)
    clock.time()
    clock.set(clock.frozen(at))
    machine.now += 100
    clock.set(clock.resumed())
    assert clock.time() == at
    machine.now += 5
    assert clock.time() == at + 5


def test_resume_does_not_change_a_running_clock() -> None:
    machine = FakeClock(START)
    clock = Clock(machine, offset=7)
    clock.set(clock.resumed())
    machine.now += 5
    assert clock.time() == START + 12


def test_advance_moves_a_running_clock_ahead() -> None:
    machine = FakeClock(START)
    clock = Clock(machine)
    clock.set(clock.advanced(3600))
    clock.set(clock.advanced(1))
    machine.now += 5
    assert clock.time() == START + 3606
    assert clock.state.frozen_at is None


def test_advance_keeps_a_frozen_clock_frozen() -> None:
    machine = FakeClock(START)
    clock = Clock(machine, frozen_at=100)
    clock.set(clock.advanced(50))
    machine.now += 5
    assert clock.time() == 150
    assert clock.state.frozen_at == 150


def test_advance_rejects_negative_seconds() -> None:
    clock = Clock(FakeClock(START))
    with pytest.raises(ValueError, match="-1"):
        clock.set(clock.advanced(-1))
    assert clock.time() == START


def test_clock_stands_still_until_a_machine_clock_that_was_set_back_catches_up() -> None:
    machine = FakeClock(START)
    clock = Clock(machine)
    seen = []
    for now in (START, START + 10, START - 90, START + 9, START + 11):
        machine.now = now
        seen.append(clock.time() - START)
    assert seen == [0, 10, 10, 10, 11]


def test_advance_works_while_the_machine_clock_is_set_back() -> None:
    machine = FakeClock(START)
    clock = Clock(machine)
    before = clock.time()
    machine.now -= 100
    clock.set(clock.advanced(60))
    assert clock.time() == before + 60
    machine.now += 105
    assert clock.time() == before + 65


def test_clock_made_from_a_state_shows_the_same_time() -> None:
    machine = FakeClock(START)
    clock = Clock(machine, offset=7)
    assert Clock(machine, *clock.state).time() == START + 7
    clock.set(clock.frozen(5))
    assert clock.state == ClockState(5)
    assert Clock(machine, *clock.state).time() == 5


def test_clocks_of_the_same_machine_are_independent() -> None:
    machine = FakeClock(START)
    one, other = Clock(machine), Clock(machine)
    one.set(one.advanced(10))
    assert other.time() == START
    one.set(one.frozen(5))
    assert (one.time(), other.time()) == (5, START)


def apply_steps(clock: Clock, machine: FakeClock, steps: list[tuple[str, int]]) -> Iterator[float]:
    """Yield the time after each step."""
    for step, seconds in steps:
        if step == "tick":
            machine.now += seconds
        elif step == "set back":
            machine.now -= seconds
        elif step == "advance":
            clock.set(clock.advanced(seconds))
        elif step == "freeze":
            clock.set(clock.frozen())
        else:
            clock.set(clock.resumed())
        yield clock.time()


steps: Any = st.lists(
    st.tuples(st.sampled_from(["tick", "set back", "advance", "freeze", "resume"]), st.integers(0, 100)),
    max_size=20,
)


@settings(deadline=None, max_examples=200)
@given(steps)
def test_time_never_decreases_unless_frozen_in_the_past(taken: list[tuple[str, int]]) -> None:
    machine = FakeClock(START)
    times = list(apply_steps(Clock(machine), machine, taken))
    assert times == sorted(times)


@settings(deadline=None, max_examples=200)
@given(steps)
def test_time_is_the_sum_of_elapsed_and_advanced_seconds(taken: list[tuple[str, int]]) -> None:
    taken = [step for step in taken if step[0] != "set back"]
    machine = FakeClock(START)
    expected, frozen = START, False
    for (step, seconds), time in zip(taken, apply_steps(Clock(machine), machine, taken), strict=True):
        if step == "advance" or (step == "tick" and not frozen):
            expected += seconds
        frozen = step == "freeze" or (frozen and step != "resume")
        assert time == expected
