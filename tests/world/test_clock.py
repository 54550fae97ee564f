"""The clock of a sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world.clock import Clock, ClockState

START = 1_000_000


class Watch:
    """A machine's clock that a test sets by hand."""

    def __init__(self, at: float = START) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def test_a_clock_runs_with_the_time_that_it_was_given() -> None:
    watch = Watch(1000.25)
    clock = Clock(watch)
    assert clock.time() == 1000.25
    watch.at = 1003.5
    assert clock.time() == 1003.5
    assert not clock.frozen


def test_a_clock_can_run_ahead_of_the_machine_and_behind() -> None:
    watch = Watch()
    assert Clock(watch, offset=50).time() == START + 50
    assert Clock(watch, offset=-50).time() == START - 50


def test_a_frozen_clock_stands_still() -> None:
    watch = Watch()
    clock = Clock(watch, frozen_at=692233200)
    watch.at += 1000
    assert clock.frozen
    assert clock.time() == 692233200
    assert clock.seconds() == 692233200


def test_a_clock_frozen_at_the_epoch_is_frozen() -> None:
    clock = Clock(Watch(), frozen_at=0)
    assert clock.frozen
    assert clock.time() == 0


def test_seconds_are_whole_and_never_ahead_of_the_time() -> None:
    seconds = Clock(Watch(1000.999)).seconds()
    assert seconds == 1000
    assert type(seconds) is int
    assert type(Clock(Watch(), frozen_at=5.5).seconds()) is int


def test_freezing_without_a_time_stands_still_where_the_clock_is() -> None:
    watch = Watch()
    clock = Clock(watch, offset=7)
    clock.freeze()
    watch.at += 1000
    assert clock.time() == START + 7


@pytest.mark.parametrize("at", [0, START - 500, START + 500])
def test_a_clock_can_be_frozen_in_the_past_and_in_the_future(at: int) -> None:
    clock = Clock(Watch())
    assert clock.time() == START
    clock.freeze(at)
    assert clock.time() == at


@pytest.mark.parametrize("at", [0, START - 500, START + 500])
def test_a_resumed_clock_runs_on_from_where_it_stood(at: int) -> None:
    watch = Watch()
    clock = Clock(watch)
    clock.time()
    clock.freeze(at)
    watch.at += 100
    clock.resume()
    assert clock.time() == at
    watch.at += 5
    assert clock.time() == at + 5


def test_resuming_a_clock_that_runs_changes_nothing() -> None:
    watch = Watch()
    clock = Clock(watch, offset=7)
    clock.resume()
    watch.at += 5
    assert clock.time() == START + 12


def test_a_running_clock_jumps_ahead_and_runs_on() -> None:
    watch = Watch()
    clock = Clock(watch)
    clock.advance(3600)
    clock.advance(1)
    watch.at += 5
    assert clock.time() == START + 3606
    assert not clock.frozen


def test_a_frozen_clock_jumps_ahead_and_stays_frozen() -> None:
    watch = Watch()
    clock = Clock(watch, frozen_at=100)
    clock.advance(50)
    watch.at += 5
    assert clock.time() == 150
    assert clock.frozen


def test_a_clock_does_not_jump_back() -> None:
    clock = Clock(Watch())
    with pytest.raises(ValueError, match="-1"):
        clock.advance(-1)
    assert clock.time() == START


def test_a_clock_stands_where_the_machine_s_clock_is_set_back_until_that_catches_up() -> None:
    watch = Watch()
    clock = Clock(watch)
    seen = []
    for machine in (START, START + 10, START - 90, START + 9, START + 11):
        watch.at = machine
        seen.append(clock.time() - START)
    assert seen == [0, 10, 10, 10, 11]


def test_a_clock_jumps_ahead_also_while_the_machine_s_clock_is_set_back() -> None:
    watch = Watch()
    clock = Clock(watch)
    before = clock.time()
    watch.at -= 100
    clock.advance(60)
    assert clock.time() == before + 60
    watch.at += 105
    assert clock.time() == before + 65


def test_a_clock_made_of_the_state_of_another_tells_the_same_time() -> None:
    watch = Watch()
    clock = Clock(watch, offset=7)
    assert Clock(watch, *clock.state).time() == START + 7
    clock.freeze(5)
    assert clock.state == ClockState(5)
    assert Clock(watch, *clock.state).time() == 5


def test_two_clocks_of_one_machine_do_not_share_their_state() -> None:
    watch = Watch()
    one, other = Clock(watch), Clock(watch)
    one.advance(10)
    assert other.time() == START
    one.freeze(5)
    assert (one.time(), other.time()) == (5, START)


def walk(clock: Clock, watch: Watch, steps: list[tuple[str, int]]) -> Iterator[float]:
    for step, seconds in steps:
        if step == "tick":
            watch.at += seconds
        elif step == "set back":
            watch.at -= seconds
        elif step == "advance":
            clock.advance(seconds)
        elif step == "freeze":
            clock.freeze()
        else:
            clock.resume()
        yield clock.time()


steps: Any = st.lists(
    st.tuples(st.sampled_from(["tick", "set back", "advance", "freeze", "resume"]), st.integers(0, 100)),
    max_size=20,
)


@settings(deadline=None, max_examples=200)
@given(steps)
def test_a_clock_never_runs_backwards_unless_it_is_frozen_in_the_past(made: list[tuple[str, int]]) -> None:
    watch = Watch()
    times = list(walk(Clock(watch), watch, made))
    assert times == sorted(times)


@settings(deadline=None, max_examples=200)
@given(steps)
def test_a_clock_counts_what_passes_while_it_runs_and_what_it_jumps(made: list[tuple[str, int]]) -> None:
    made = [step for step in made if step[0] != "set back"]
    watch = Watch()
    expected, frozen = START, False
    for (step, seconds), time in zip(made, walk(Clock(watch), watch, made), strict=True):
        if step == "advance" or (step == "tick" and not frozen):
            expected += seconds
        frozen = step == "freeze" or (frozen and step != "resume")
        assert time == expected
