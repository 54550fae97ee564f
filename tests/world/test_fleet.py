"""The fleet: one token, one world; idle ones go, and one in use never does."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from time import sleep
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sandbox.world import fleet as fleet_module
from sandbox.world.errors import FleetFull
from sandbox.world.fleet import GRACE_SECONDS, Fleet, SandboxSlot
from sandbox.world.sandbox import Bounds, Sandbox, SandboxState
from sandbox.world.sleepers import Sleepers
from sandbox.world.table import Table

BOUNDS = Bounds(conversations=10, snapshots=1, rules=1, journal_entries=1, journal_bytes=1000)


def launch(token: str) -> Sandbox:
    return Sandbox(SandboxState(Table(), seed=7), lambda: 1000.0, lambda _: b"{}", BOUNDS, token)


class Harbour:
    """A fleet, its time, and for which tokens it has launched sandboxes.

    Time and launch give way to other threads: a step of the fleet that did not hold its lock would be caught.
    """

    def __init__(self, capacity: int = 3, idle_seconds: float = 100) -> None:
        self.now = 0.0
        self.launched: list[str] = []
        self.fleet = Fleet(self.launch, self.watch, capacity, idle_seconds)

    def watch(self) -> float:
        sleep(0)
        return self.now

    def launch(self, token: str) -> Sandbox:
        self.launched.append(token)
        sleep(0)
        return launch(token)

    def call(self, token: str) -> Sandbox:
        """A request that takes no time."""
        with self.fleet.using(token) as sandbox:
            return sandbox

    @property
    def tokens(self) -> list[str]:
        return [slot.token for slot in self.fleet]


def test_a_sandbox_appears_on_the_first_use_of_its_token() -> None:
    harbour = Harbour()
    assert (len(harbour.fleet), harbour.launched) == (0, [])
    harbour.call("a")
    assert (len(harbour.fleet), harbour.launched) == (1, ["a"])


def test_the_same_token_gets_the_same_world_and_another_token_another() -> None:
    harbour = Harbour()
    first = harbour.call("a")
    assert harbour.call("b") is not first
    assert harbour.call("a") is first
    assert harbour.launched == ["a", "b"]


def test_calls_of_one_token_at_the_same_time_share_its_world() -> None:
    fleet = Harbour().fleet
    with fleet.using("a") as one, fleet.using("a") as other:
        assert one is other


def test_an_idle_sandbox_expires_and_its_token_gets_a_new_world() -> None:
    harbour = Harbour(idle_seconds=100)
    first = harbour.call("a")
    harbour.now = 99.9
    assert harbour.call("a") is first
    harbour.now = 199.8
    assert harbour.call("a") is first
    harbour.now = 299.8
    assert harbour.call("a") is not first


def test_a_call_of_another_token_lets_idle_sandboxes_expire() -> None:
    harbour = Harbour(capacity=10)
    for token in "abc":
        harbour.call(token)
        harbour.now += 10
    harbour.now = 110
    harbour.call("d")
    assert harbour.tokens == ["c", "d"]


def test_a_sandbox_in_use_never_expires() -> None:
    harbour = Harbour(idle_seconds=100)
    with harbour.fleet.using("a") as sandbox:
        for _ in range(20):
            harbour.now += 100
            harbour.call("b")
        assert harbour.call("a") is sandbox


def test_a_sandbox_counts_as_idle_from_the_end_of_its_last_call_not_from_its_beginning() -> None:
    harbour = Harbour(idle_seconds=100)
    slot = harbour.fleet.enter("a")
    harbour.now = 150
    harbour.fleet.leave(slot)
    harbour.now = 249
    harbour.call("b")
    assert harbour.call("a") is slot.sandbox


def test_one_whose_call_ended_later_goes_later_whatever_the_order_in_which_calls_began() -> None:
    harbour = Harbour(idle_seconds=100)
    slot = harbour.fleet.enter("a")
    harbour.now = 10
    harbour.call("b")
    harbour.now = 50
    harbour.fleet.leave(slot)
    harbour.now = 110
    harbour.call("c")
    assert harbour.tokens == ["a", "c"]


def test_a_sandbox_is_in_use_until_the_last_of_its_calls_ends() -> None:
    harbour = Harbour(idle_seconds=100)
    one, other = harbour.fleet.enter("a"), harbour.fleet.enter("a")
    harbour.fleet.leave(one)
    harbour.now = 1000
    harbour.call("b")
    assert "a" in harbour.tokens
    harbour.fleet.leave(other)
    harbour.now = 2000
    harbour.call("b")
    assert harbour.tokens == ["b"]


def test_a_call_that_fails_ends_its_use() -> None:
    harbour = Harbour(idle_seconds=100)
    with pytest.raises(ZeroDivisionError), harbour.fleet.using("a"):
        raise ZeroDivisionError
    harbour.now = 100
    harbour.call("b")
    assert harbour.tokens == ["b"]


def test_at_capacity_the_sandbox_that_was_idle_longest_goes_first() -> None:
    harbour = Harbour(capacity=3, idle_seconds=1000)
    for token in "abca":
        harbour.call(token)
        harbour.now += 1
    harbour.now = 100
    harbour.call("d")
    assert harbour.tokens == ["c", "a", "d"]
    harbour.call("e")
    assert harbour.tokens == ["a", "d", "e"]


def test_at_capacity_one_in_use_stays_and_one_that_was_used_later_goes() -> None:
    harbour = Harbour(capacity=2, idle_seconds=0)
    slot = harbour.fleet.enter("a")
    harbour.now = 1
    harbour.call("b")
    harbour.now = 1000
    harbour.call("c")
    assert harbour.tokens == ["a", "c"]
    assert harbour.call("a") is slot.sandbox


def test_at_capacity_the_newcomer_is_refused_where_all_are_in_use_however_long() -> None:
    harbour = Harbour(capacity=2)
    for token in "ab":
        harbour.fleet.enter(token)
    for harbour.now in (0, 50, 1000, 100_000):
        with pytest.raises(FleetFull) as caught:
            harbour.call("c")
        assert caught.value.capacity == 2
    assert sorted(harbour.tokens) == ["a", "b"]
    assert harbour.launched == ["a", "b"]


def test_at_capacity_known_tokens_are_served() -> None:
    harbour = Harbour(capacity=1)
    first = harbour.call("a")
    with pytest.raises(FleetFull):
        harbour.call("b")
    assert harbour.call("a") is first


def test_at_capacity_a_sandbox_that_was_called_lately_does_not_count_as_idle() -> None:
    harbour = Harbour(capacity=1, idle_seconds=1000)
    harbour.call("a")
    harbour.now = GRACE_SECONDS - 0.1
    with pytest.raises(FleetFull):
        harbour.call("b")
    harbour.now = GRACE_SECONDS
    harbour.call("b")
    assert harbour.tokens == ["b"]


def test_idle_seconds_shorter_than_the_grace_are_what_counts_at_capacity_too() -> None:
    harbour = Harbour(capacity=1, idle_seconds=5)
    harbour.call("a")
    harbour.now = 5
    harbour.call("b")
    assert harbour.tokens == ["b"]


def test_a_refused_newcomer_is_let_in_when_a_call_has_ended_and_its_sandbox_was_idle() -> None:
    harbour = Harbour(capacity=1)
    slot = harbour.fleet.enter("a")
    harbour.now = 1000
    with pytest.raises(FleetFull):
        harbour.call("b")
    harbour.fleet.leave(slot)
    with pytest.raises(FleetFull):
        harbour.call("b")
    harbour.now += GRACE_SECONDS
    harbour.call("b")
    assert harbour.tokens == ["b"]


def test_zero_idle_seconds_mean_that_no_sandbox_expires_by_age_but_at_capacity_one_goes() -> None:
    harbour = Harbour(capacity=2, idle_seconds=0)
    first = harbour.call("a")
    harbour.now = 1e9
    harbour.call("b")
    assert harbour.call("a") is first
    harbour.now = 2e9
    harbour.call("c")
    assert harbour.tokens == ["a", "c"]


def test_a_replaced_sandbox_is_what_its_token_gets_and_calls_under_way_keep_the_old_one() -> None:
    harbour = Harbour()
    with harbour.fleet.using("a") as old:
        [slot] = harbour.fleet
        new = harbour.fleet.replace(slot, lambda sandbox: sandbox.succeed(sandbox.state))
        assert harbour.call("a") is new
        assert new is not old
        old.create("contact", None)
    assert len(harbour.call("a").store.export()) == 0
    assert harbour.tokens == ["a"]


def test_a_replacement_answers_its_own_sandbox_also_when_another_one_follows_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harbour = Harbour()
    first = harbour.call("a")
    [slot] = harbour.fleet
    own = launch("a")

    def end(sleepers: Sleepers) -> None:
        if sleepers is first.sleepers:
            harbour.fleet.replace(slot, lambda _: launch("a"))

    monkeypatch.setattr(Sleepers, "end", end)
    assert harbour.fleet.replace(slot, lambda _: own) is own


def test_a_replacement_that_fails_leaves_the_sandbox_in_its_place() -> None:
    def fail(_: Sandbox) -> Sandbox:
        raise ZeroDivisionError

    harbour = Harbour()
    first = harbour.call("a")
    [slot] = harbour.fleet
    with pytest.raises(ZeroDivisionError):
        harbour.fleet.replace(slot, fail)
    assert harbour.call("a") is first


def test_a_dropped_sandbox_is_gone_also_when_it_is_in_use_and_its_last_calls_do_no_harm() -> None:
    harbour = Harbour()
    old = harbour.fleet.enter("a")
    harbour.fleet.enter("a")
    harbour.fleet.drop(old)
    assert len(harbour.fleet) == 0
    harbour.fleet.leave(old)
    new = harbour.fleet.enter("a")
    assert new.sandbox is not old.sandbox
    harbour.fleet.leave(old)
    harbour.fleet.drop(old)
    harbour.now = 1000
    harbour.call("b")
    assert harbour.call("a") is new.sandbox


def test_calls_that_sleep_in_a_replaced_or_dropped_sandbox_are_woken_and_no_others() -> None:
    harbour = Harbour()
    replaced, dropped, other = (harbour.fleet.enter(token) for token in "abc")
    old = replaced.sandbox
    harbour.fleet.replace(replaced, lambda sandbox: sandbox.succeed(sandbox.state))
    harbour.fleet.drop(dropped)
    assert old.sleepers.ended
    assert dropped.sandbox.sleepers.ended
    assert not replaced.sandbox.sleepers.ended
    assert not other.sandbox.sleepers.ended


def test_a_launch_that_fails_leaves_no_trace_of_its_token() -> None:
    fails = True

    def fragile(token: str) -> Sandbox:
        if fails:
            raise ZeroDivisionError
        return launch(token)

    fleet = Fleet(fragile, lambda: 0.0, capacity=1, idle_seconds=0)
    with pytest.raises(ZeroDivisionError):
        fleet.enter("a")
    assert len(fleet) == 0
    fails = False
    fleet.enter("b")


def test_the_berths_of_a_fleet_are_listed_least_recently_used_first_and_can_be_dropped_meanwhile() -> None:
    harbour = Harbour()
    for token in "abca":
        harbour.call(token)
        harbour.now += 1
    assert harbour.tokens == ["b", "c", "a"]
    for slot in harbour.fleet:
        harbour.fleet.drop(slot)
    assert len(harbour.fleet) == 0


def test_a_berth_tells_how_long_nobody_called() -> None:
    harbour = Harbour()
    harbour.call("a")
    harbour.now = 42
    [slot] = harbour.fleet
    assert harbour.fleet.idle_for(slot) == 42


# The same against a model: per token, how many calls are under way and when the last one began or ended.

TOKENS = st.sampled_from("abcdef")


class FleetMachine(RuleBasedStateMachine):
    """Calls that begin and end in any order, while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.in_flight: list[SandboxSlot] = []
        self.world: dict[str, Sandbox] = {}
        self.calls: dict[str, int] = {}
        self.last: dict[str, float] = {}

    @initialize(capacity=st.integers(1, 4), idle_seconds=st.sampled_from([0, 30, 100]))
    def open(self, capacity: int, idle_seconds: int) -> None:
        self.capacity = capacity
        self.idle_seconds = idle_seconds
        self.harbour = Harbour(capacity, idle_seconds)

    def touch(self, token: str) -> None:
        self.last.pop(token, None)
        self.last[token] = self.harbour.now

    def idle(self, seconds: float) -> list[str]:
        """Who is idle for that long, longest first: the model keeps ``last`` in the order of touching."""
        idle = [token for token in self.last if not self.calls[token]]
        return [token for token in idle if self.harbour.now - self.last[token] >= seconds]

    def forget(self, tokens: list[str]) -> None:
        for token in tokens:
            del self.world[token], self.calls[token], self.last[token]

    @rule(token=TOKENS)
    def begin(self, token: str) -> None:
        if self.idle_seconds:
            self.forget(self.idle(self.idle_seconds))
        if token not in self.world and len(self.world) == self.capacity:
            self.forget(self.idle(min(GRACE_SECONDS, self.idle_seconds or GRACE_SECONDS))[:1])
            if len(self.world) == self.capacity:
                with pytest.raises(FleetFull):
                    self.harbour.fleet.enter(token)
                return
        slot = self.harbour.fleet.enter(token)
        if token in self.world:
            assert slot.sandbox is self.world[token]
        else:
            assert all(slot.sandbox is not other for other in self.world.values())
        self.world[token] = slot.sandbox
        self.calls[token] = self.calls.get(token, 0) + 1
        self.touch(token)
        self.in_flight.append(slot)

    @rule(token=TOKENS)
    def call(self, token: str) -> None:
        before = len(self.in_flight)
        self.begin(token)
        if len(self.in_flight) > before:
            self.end(before)

    @rule(pick=st.integers(0, 99))
    def end(self, pick: int) -> None:
        if self.in_flight:
            slot = self.in_flight.pop(pick % len(self.in_flight))
            self.harbour.fleet.leave(slot)
            self.calls[slot.token] -= 1
            self.touch(slot.token)

    @rule(seconds=st.sampled_from([1, 10, 30, 60, 100]))
    def wait(self, seconds: int) -> None:
        self.harbour.now += seconds

    @invariant()
    def the_same_tokens_are_there(self) -> None:
        assert set(self.harbour.tokens) == set(self.world)
        assert len(self.harbour.fleet) == len(self.world) <= self.capacity


def test_a_fleet_agrees_with_its_model_whatever_begins_and_ends_when() -> None:
    run_state_machine_as_test(
        FleetMachine,
        settings=settings(
            max_examples=100, stateful_step_count=40, deadline=None, report_multiple_bugs=False
        ),
    )


# Costs are counted in lines of Python that run, not in time.


def lines_run(call: Callable[[], object]) -> int:
    """How many lines of the fleet's own module run (a collection of garbage may come in between)."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != fleet_module.__file__:
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return lines


def crowd(size: int, capacity: int = 10_000, idle_seconds: float = 100) -> Harbour:
    """A fleet of that many sandboxes, all in use."""
    harbour = Harbour(capacity, idle_seconds)
    for number in range(size):
        harbour.fleet.enter(f"token {number}")
    return harbour


def test_a_call_costs_the_same_among_ten_in_use_and_among_thousands() -> None:
    few, many = crowd(10).fleet, crowd(3000).fleet
    for token in ("token 5", "newcomer"):
        cost = lines_run(partial(few.enter, token))
        assert 0 < cost == lines_run(partial(many.enter, token))


def test_thousands_in_use_for_long_are_looked_at_once_and_not_with_every_call() -> None:
    harbour, few = crowd(3000), crowd(10).fleet
    usual = lines_run(lambda: few.enter("token 5"))
    harbour.now = 100
    harbour.call("token 5")
    for _ in range(50):
        harbour.now += 1
        assert lines_run(lambda: harbour.fleet.enter("token 5")) == usual
    assert len(harbour.fleet) == 3000


def test_refusing_newcomers_does_not_look_at_thousands_in_use_each_time() -> None:
    def refuse(harbour: Harbour) -> None:
        with pytest.raises(FleetFull):
            harbour.fleet.enter("newcomer")

    harbour, few = crowd(3000, capacity=3000, idle_seconds=0), crowd(10, capacity=10, idle_seconds=0)
    usual = lines_run(lambda: refuse(few))
    harbour.now = 1000
    refuse(harbour)
    for _ in range(20):
        harbour.now += 1
        assert lines_run(lambda: refuse(harbour)) == usual


# Threads.

THREADS = 8


def together(work: Callable[[int], Any]) -> list[Any]:
    """What ``work`` answers for each number of a thread; all begin at the same moment."""
    barrier = Barrier(THREADS)

    def begin(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


@pytest.fixture
def eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_threads_that_begin_with_one_token_get_one_world() -> None:
    harbour = Harbour(capacity=100)
    worlds = together(lambda _: [harbour.call(f"token {turn}") for turn in range(50)])
    assert sorted(harbour.launched) == sorted(f"token {turn}" for turn in range(50))
    assert all(world is worlds[0][turn] for each in worlds for turn, world in enumerate(each))


@pytest.mark.usefixtures("eager_threads")
def test_a_fleet_is_full_at_exactly_its_capacity_whatever_the_threads_do() -> None:
    fleet = Harbour(capacity=50).fleet

    def work(number: int) -> int:
        refused = 0
        for turn in range(20):
            try:
                fleet.enter(f"{number}-{turn}")
            except FleetFull:
                refused += 1
        return refused

    assert sum(together(work)) == 20 * THREADS - 50
    assert len(fleet) == 50


@pytest.mark.usefixtures("eager_threads")
def test_threads_that_drop_what_others_use_do_no_harm() -> None:
    harbour = Harbour(capacity=100)

    def work(number: int) -> None:
        for _ in range(200):
            if number % 2:
                harbour.call("a")
            for slot in harbour.fleet:
                harbour.fleet.drop(slot)

    together(work)
    assert len(harbour.fleet) == 0


@pytest.mark.usefixtures("eager_threads")
def test_uses_that_threads_begin_and_end_are_counted_exactly() -> None:
    harbour = Harbour(idle_seconds=100)
    together(lambda _: [harbour.call("a") for _ in range(200)])
    [slot] = harbour.fleet
    assert slot.in_flight == 0
    harbour.now = 100
    harbour.call("b")
    assert harbour.tokens == ["b"]
