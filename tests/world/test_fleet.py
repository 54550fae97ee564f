"""The fleet: one token, one world. Idle worlds expire, and a world in use is never dropped."""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import sleep
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sandbox.engines.memory import MemoryEngine
from sandbox.world import fleet as fleet_module
from sandbox.world.engine import KeptWorld
from sandbox.world.errors import FleetFull, SandboxReset, UnknownSandbox
from sandbox.world.fleet import GRACE_SECONDS, LocalFleet
from sandbox.world.interface import Lease, World
from sandbox.world.rules import Rule
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.sleepers import Wait
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from sandbox.world.world_name import WorldName
from tests.garbage import garbage_of
from tests.world.harness import THREADS, FakeWait, run_in_threads, woken_calls

BOUNDS = Bounds(conversations=10, snapshots=1, rules=1, journal_entries=1, journal_bytes=1000)


def launch(token: str, wait: Wait | None = None) -> World:
    runtime = Runtime(lambda: 1000.0, lambda _: b"{}", BOUNDS, wait or FakeWait())
    return Sandbox(SandboxState(Table(), seed=7), runtime, token)


class FleetHarness:
    """A fleet with its time, and the tokens whose worlds it launched.

    Reading the time and launching a world give way to other threads, so that a step without the fleet's lock would be
    noticed.
    """

    def __init__(
        self, capacity: int = 3, idle_seconds: float = 100, id_key: bytes = b"", wait: Wait | None = None
    ) -> None:
        self.now = 0.0
        self.launched: list[str] = []
        self.wait = wait
        self.fleet = LocalFleet(MemoryEngine(self.launch), self.time, capacity, idle_seconds, id_key)

    def time(self) -> float:
        sleep(0)
        return self.now

    def launch(self, token: str) -> World:
        self.launched.append(token)
        sleep(0)
        return launch(token, self.wait)

    def call(self, token: str) -> World:
        """Return the world of a request that takes no time."""
        with self.fleet.using(token) as lease:
            return lease.world

    def drop(self, token: str) -> None:
        self.fleet.drop(self.id_of(token))

    def id_of(self, token: str) -> str:
        [sandbox_id] = [self.fleet.id_of_key(slot.key) for slot in self.fleet if slot.token == token]
        return sandbox_id

    @property
    def tokens(self) -> list[str]:
        return [slot.token for slot in self.fleet]


def test_world_is_launched_on_the_first_use_of_its_token() -> None:
    harness = FleetHarness()
    assert (len(harness.fleet), harness.launched) == (0, [""])
    harness.call("a")
    assert (len(harness.fleet), harness.launched) == (1, ["", "a"])


def test_each_token_has_a_world_of_its_own() -> None:
    harness = FleetHarness()
    first = harness.call("a")
    assert harness.call("b") is not first
    assert harness.call("a") is first
    assert harness.launched == ["", "a", "b"]


def test_simultaneous_calls_of_a_token_share_its_world() -> None:
    fleet = FleetHarness().fleet
    with fleet.using("a") as one, fleet.using("a") as other:
        assert one.world is other.world
        assert one.slot is other.slot


def test_lease_has_the_slot_the_world_and_its_generation() -> None:
    fleet = FleetHarness().fleet
    lease = fleet.acquire("a")
    assert [lease.slot] == list(fleet)
    assert lease == Lease(lease.slot, lease.slot.world, 1)
    lease.world.reset(lease.world.state)
    assert fleet.acquire("a") == lease._replace(generation=2)


def test_requests_without_a_token_share_a_world_that_is_not_in_the_fleet() -> None:
    harness = FleetHarness(capacity=1)
    lease = harness.fleet.lease_anonymous()
    assert lease == harness.fleet.lease_anonymous() == Lease(harness.fleet.anonymous, lease.world, 1)
    assert harness.tokens == []
    assert harness.call("a") is not lease.world
    harness.now = 1e9
    harness.call("b")
    assert harness.fleet.lease_anonymous().world is lease.world
    lease.world.reset(lease.world.state)
    assert harness.fleet.lease_anonymous().generation == 2


def test_worlds_are_that_without_a_token_and_those_of_all_tokens() -> None:
    harness = FleetHarness()
    worlds = [harness.call(token) for token in "ab"]
    assert harness.fleet.worlds() == [harness.fleet.anonymous.world, *worlds]


def test_idle_world_expires_and_its_token_gets_a_new_one() -> None:
    harness = FleetHarness(idle_seconds=100)
    first = harness.call("a")
    harness.now = 99.9
    assert harness.call("a") is first
    harness.now = 199.8
    assert harness.call("a") is first
    harness.now = 299.8
    assert harness.call("a") is not first


def test_dropped_world_leaves_nothing_to_the_garbage_collector() -> None:
    harness = FleetHarness()

    def use_and_drop() -> None:
        with harness.fleet.using("a") as lease:
            lease.world.create(lease.generation, "contact", None)
            lease.world.take_snapshot(lease.generation)
        harness.drop("a")

    assert garbage_of(use_and_drop) == 0


def test_call_of_another_token_lets_idle_worlds_expire() -> None:
    harness = FleetHarness(capacity=10)
    for token in "abc":
        harness.call(token)
        harness.now += 10
    harness.now = 110
    harness.call("d")
    assert harness.tokens == ["c", "d"]


def test_world_in_use_never_expires() -> None:
    harness = FleetHarness(idle_seconds=100)
    with harness.fleet.using("a") as lease:
        for _ in range(20):
            harness.now += 100
            harness.call("b")
        assert harness.call("a") is lease.world


def test_idle_time_counts_from_the_end_of_the_last_call() -> None:
    harness = FleetHarness(idle_seconds=100)
    lease = harness.fleet.acquire("a")
    harness.now = 150
    harness.fleet.release(lease)
    harness.now = 249
    harness.call("b")
    assert harness.call("a") is lease.world


def test_worlds_expire_in_the_order_in_which_their_last_calls_ended() -> None:
    harness = FleetHarness(idle_seconds=100)
    lease = harness.fleet.acquire("a")
    harness.now = 10
    harness.call("b")
    harness.now = 50
    harness.fleet.release(lease)
    harness.now = 110
    harness.call("c")
    assert harness.tokens == ["a", "c"]


def test_world_is_in_use_until_the_last_of_its_calls_ends() -> None:
    harness = FleetHarness(idle_seconds=100)
    one, other = harness.fleet.acquire("a"), harness.fleet.acquire("a")
    harness.fleet.release(one)
    harness.now = 1000
    harness.call("b")
    assert "a" in harness.tokens
    harness.fleet.release(other)
    harness.now = 2000
    harness.call("b")
    assert harness.tokens == ["b"]


def test_failed_call_releases_its_lease() -> None:
    harness = FleetHarness(idle_seconds=100)
    with pytest.raises(ZeroDivisionError), harness.fleet.using("a"):
        raise ZeroDivisionError
    harness.now = 100
    harness.call("b")
    assert harness.tokens == ["b"]


def test_longest_idle_world_is_dropped_at_capacity() -> None:
    harness = FleetHarness(capacity=3, idle_seconds=1000)
    for token in "abca":
        harness.call(token)
        harness.now += 1
    harness.now = 100
    harness.call("d")
    assert harness.tokens == ["c", "a", "d"]
    harness.call("e")
    assert harness.tokens == ["a", "d", "e"]


def test_world_in_use_is_not_dropped_at_capacity() -> None:
    harness = FleetHarness(capacity=2, idle_seconds=0)
    lease = harness.fleet.acquire("a")
    harness.now = 1
    harness.call("b")
    harness.now = 1000
    harness.call("c")
    assert harness.tokens == ["a", "c"]
    assert harness.call("a") is lease.world


def test_new_token_is_refused_while_all_worlds_are_in_use() -> None:
    harness = FleetHarness(capacity=2)
    for token in "ab":
        harness.fleet.acquire(token)
    for harness.now in (0, 50, 1000, 100_000):
        with pytest.raises(FleetFull) as caught:
            harness.call("c")
        assert caught.value.capacity == 2
    assert sorted(harness.tokens) == ["a", "b"]
    assert harness.launched == ["", "a", "b"]


def test_known_tokens_are_served_at_capacity() -> None:
    harness = FleetHarness(capacity=1)
    first = harness.call("a")
    with pytest.raises(FleetFull):
        harness.call("b")
    assert harness.call("a") is first


def test_recently_used_world_is_not_dropped_at_capacity() -> None:
    harness = FleetHarness(capacity=1, idle_seconds=1000)
    harness.call("a")
    harness.now = GRACE_SECONDS - 0.1
    with pytest.raises(FleetFull):
        harness.call("b")
    harness.now = GRACE_SECONDS
    harness.call("b")
    assert harness.tokens == ["b"]


def test_idle_seconds_below_the_grace_period_also_apply_at_capacity() -> None:
    harness = FleetHarness(capacity=1, idle_seconds=5)
    harness.call("a")
    harness.now = 5
    harness.call("b")
    assert harness.tokens == ["b"]


def test_refused_token_is_accepted_when_another_world_has_become_idle() -> None:
    harness = FleetHarness(capacity=1)
    lease = harness.fleet.acquire("a")
    harness.now = 1000
    with pytest.raises(FleetFull):
        harness.call("b")
    harness.fleet.release(lease)
    with pytest.raises(FleetFull):
        harness.call("b")
    harness.now += GRACE_SECONDS
    harness.call("b")
    assert harness.tokens == ["b"]


def test_zero_idle_seconds_disable_expiry_by_age_but_not_at_capacity() -> None:
    harness = FleetHarness(capacity=2, idle_seconds=0)
    first = harness.call("a")
    harness.now = 1e9
    harness.call("b")
    assert harness.call("a") is first
    harness.now = 2e9
    harness.call("c")
    assert harness.tokens == ["a", "c"]


@pytest.mark.parametrize(
    "restart",
    [lambda world: world.reset(world.state), lambda world: world.load(world.generation, world.state)],
    ids=["reset", "load"],
)
def test_call_in_flight_cannot_write_after_a_restart_and_later_calls_can(
    restart: Callable[[World], None],
) -> None:
    harness = FleetHarness()
    with harness.fleet.using("a") as old:
        restart(old.world)
        with harness.fleet.using("a") as new:
            assert new.world is old.world
            assert (old.generation, new.generation) == (1, 2)
            with pytest.raises(SandboxReset):
                old.world.create(old.generation, "contact", None)
            assert new.world.size == 0
            new.world.create(new.generation, "contact", None)
    assert harness.call("a").size == 1
    assert harness.tokens == ["a"]


def test_world_in_use_can_be_dropped_and_late_releases_change_nothing() -> None:
    harness = FleetHarness()
    old = harness.fleet.acquire("a")
    harness.fleet.acquire("a")
    harness.drop("a")
    assert len(harness.fleet) == 0
    harness.fleet.release(old)
    new = harness.fleet.acquire("a")
    assert new.world is not old.world
    harness.fleet.release(old)
    harness.now = 1000
    harness.call("b")
    assert harness.call("a") is new.world


def test_call_in_flight_cannot_write_into_a_dropped_world() -> None:
    harness = FleetHarness()
    dropped, other = (harness.fleet.acquire(token) for token in "ab")
    harness.drop("a")
    with pytest.raises(SandboxReset):
        dropped.world.create(dropped.generation, "contact", None)
    assert dropped.world.size == 0
    other.world.create(other.generation, "contact", None)
    assert other.world.size == 1


def test_unknown_sandbox_cannot_be_dropped() -> None:
    harness = FleetHarness()
    harness.call("a")
    sandbox_id = harness.id_of("a")
    harness.drop("a")
    for unknown in (sandbox_id, harness.fleet.id_of_key(harness.fleet.anonymous.key), "a", ""):
        with pytest.raises(UnknownSandbox) as caught:
            harness.fleet.drop(unknown)
        assert caught.value.sandbox_id == unknown


def sleep_of(lease: Lease, rule: Rule | None) -> Callable[[], bool]:
    return lambda: lease.world.sleep(lease.generation, 5, rule)


def test_drop_wakes_the_calls_of_the_dropped_world_only() -> None:
    wait = FakeWait()
    harness = FleetHarness(wait=wait)
    leases = [harness.fleet.lease_anonymous(), *(harness.fleet.acquire(token) for token in "abc")]
    sleeps = [sleep_of(lease, None) for lease in leases]
    assert woken_calls(wait, sleeps, lambda: harness.drop("b")) == [False, False, True, False]


def ids_with(id_key: bytes, *tokens: str) -> list[str]:
    """Return the ids that a new fleet with this key gives to the sandboxes of the tokens."""
    harness = FleetHarness(capacity=10, id_key=id_key)
    for token in tokens:
        harness.call(token)
    return [harness.id_of(token) for token in tokens]


def test_ids_of_sandboxes_are_equal_for_equal_keys_and_tokens() -> None:
    assert ids_with(b"key", "a", "b") == ids_with(b"key", "a", "b")


def test_ids_of_sandboxes_are_different_for_different_keys_or_tokens() -> None:
    ids = [*ids_with(b"key", "a", "b"), *ids_with(b"other", "a", "b"), *ids_with(b"", "a", "b")]
    assert len(set(ids)) == 6


def test_id_of_a_sandbox_is_sixteen_hexadecimal_digits_for_any_token() -> None:
    for sandbox_id in ids_with(b"key", "a", "ä", "\udcff", "x" * 10_000):
        assert len(bytes.fromhex(sandbox_id)) == 8


def test_id_of_a_sandbox_does_not_change_with_its_world() -> None:
    harness = FleetHarness(id_key=b"key")
    world = harness.call("a")
    before = harness.id_of("a")
    world.reset(world.state)
    assert harness.id_of("a") == before
    harness.drop("a")
    harness.call("a")
    assert harness.id_of("a") == before


def test_failed_launch_leaves_no_slot() -> None:
    fails = False

    def launch_or_fail(token: str) -> World:
        if fails:
            raise ZeroDivisionError
        return launch(token)

    fleet = LocalFleet(MemoryEngine(launch_or_fail), lambda: 0.0, capacity=1, idle_seconds=0)
    fails = True
    with pytest.raises(ZeroDivisionError):
        fleet.acquire("a")
    assert len(fleet) == 0
    fails = False
    fleet.acquire("b")


def test_slots_are_listed_least_recently_used_first_and_may_be_dropped_meanwhile() -> None:
    harness = FleetHarness()
    for token in "abca":
        harness.call(token)
        harness.now += 1
    assert harness.tokens == ["b", "c", "a"]
    for slot in harness.fleet:
        harness.fleet.drop(harness.fleet.id_of_key(slot.key))
    assert len(harness.fleet) == 0


def test_summary_has_the_seconds_since_the_last_call() -> None:
    harness = FleetHarness()
    harness.call("a")
    harness.now = 42
    [summary] = harness.fleet.summaries()
    assert summary.idle_seconds == 42


# The same against a model: for each token, the number of calls in flight, and the time of its last use.

TOKENS = st.sampled_from("abcdef")


class FleetMachine(RuleBasedStateMachine):
    """Calls that begin and end in any order while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.leases: list[Lease] = []
        self.worlds: dict[str, World] = {}
        self.calls: dict[str, int] = {}
        self.last: dict[str, float] = {}

    @initialize(capacity=st.integers(1, 4), idle_seconds=st.sampled_from([0, 30, 100]))
    def start(self, capacity: int, idle_seconds: int) -> None:
        self.capacity = capacity
        self.idle_seconds = idle_seconds
        self.harness = FleetHarness(capacity, idle_seconds)

    def touch(self, token: str) -> None:
        self.last.pop(token, None)
        self.last[token] = self.harness.now

    def idle(self, seconds: float) -> list[str]:
        """Return the tokens that are idle for ``seconds``, the longest idle first: ``last`` is in the order of use."""
        idle = [token for token in self.last if not self.calls[token]]
        return [token for token in idle if self.harness.now - self.last[token] >= seconds]

    def forget(self, tokens: list[str]) -> None:
        for token in tokens:
            del self.worlds[token], self.calls[token], self.last[token]

    @rule(token=TOKENS)
    def begin(self, token: str) -> None:
        if self.idle_seconds:
            self.forget(self.idle(self.idle_seconds))
        if token not in self.worlds and len(self.worlds) == self.capacity:
            self.forget(self.idle(min(GRACE_SECONDS, self.idle_seconds or GRACE_SECONDS))[:1])
            if len(self.worlds) == self.capacity:
                with pytest.raises(FleetFull):
                    self.harness.fleet.acquire(token)
                return
        lease = self.harness.fleet.acquire(token)
        if token in self.worlds:
            assert lease.world is self.worlds[token]
        else:
            assert all(lease.world is not other for other in self.worlds.values())
        self.worlds[token] = lease.world
        self.calls[token] = self.calls.get(token, 0) + 1
        self.touch(token)
        self.leases.append(lease)

    @rule(token=TOKENS)
    def call(self, token: str) -> None:
        before = len(self.leases)
        self.begin(token)
        if len(self.leases) > before:
            self.end(before)

    @rule(pick=st.integers(0, 99))
    def end(self, pick: int) -> None:
        if self.leases:
            lease = self.leases.pop(pick % len(self.leases))
            self.harness.fleet.release(lease)
            self.calls[lease.slot.token] -= 1
            self.touch(lease.slot.token)

    @rule(seconds=st.sampled_from([1, 10, 30, 60, 100]))
    def wait(self, seconds: int) -> None:
        self.harness.now += seconds

    @invariant()
    def tokens_agree_with_the_model(self) -> None:
        assert set(self.harness.tokens) == set(self.worlds)
        assert len(self.harness.fleet) == len(self.worlds) <= self.capacity


def test_fleet_agrees_with_its_model() -> None:
    run_state_machine_as_test(
        FleetMachine,
        settings=settings(
            max_examples=100, stateful_step_count=40, deadline=None, report_multiple_bugs=False
        ),
    )


# Costs are counted in executed lines of Python, not in time.


def count_lines(call: Callable[[], object]) -> int:
    """Return the number of executed lines of the fleet's module, without those of a garbage collection."""
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


def fill(size: int, capacity: int = 10_000, idle_seconds: float = 100) -> FleetHarness:
    """Return a fleet of ``size`` worlds, all in use."""
    harness = FleetHarness(capacity, idle_seconds)
    for number in range(size):
        harness.fleet.acquire(f"token {number}")
    return harness


def test_cost_of_a_call_does_not_depend_on_the_number_of_worlds() -> None:
    few, many = fill(10).fleet, fill(3000).fleet
    for token in ("token 5", "new token"):
        cost = count_lines(partial(few.acquire, token))
        assert 0 < cost == count_lines(partial(many.acquire, token))


def test_worlds_in_long_use_are_examined_only_once() -> None:
    harness, few = fill(3000), fill(10).fleet
    usual = count_lines(lambda: few.acquire("token 5"))
    harness.now = 100
    harness.call("token 5")
    for _ in range(50):
        harness.now += 1
        assert count_lines(lambda: harness.fleet.acquire("token 5")) == usual
    assert len(harness.fleet) == 3000


def test_refusing_a_new_token_does_not_examine_all_worlds_each_time() -> None:
    def refuse(harness: FleetHarness) -> None:
        with pytest.raises(FleetFull):
            harness.fleet.acquire("new token")

    harness, few = fill(3000, capacity=3000, idle_seconds=0), fill(10, capacity=10, idle_seconds=0)
    usual = count_lines(lambda: refuse(few))
    harness.now = 1000
    refuse(harness)
    for _ in range(20):
        harness.now += 1
        assert count_lines(lambda: refuse(harness)) == usual


# Threads.


@pytest.mark.usefixtures("eager_threads")
def test_threads_with_the_same_token_get_the_same_world() -> None:
    harness = FleetHarness(capacity=100)
    worlds = run_in_threads(lambda _: [harness.call(f"token {turn}") for turn in range(50)])
    assert sorted(harness.launched) == ["", *sorted(f"token {turn}" for turn in range(50))]
    assert all(world is worlds[0][turn] for each in worlds for turn, world in enumerate(each))


@pytest.mark.usefixtures("eager_threads")
def test_capacity_is_exact_with_threads() -> None:
    fleet = FleetHarness(capacity=50).fleet

    def work(number: int) -> int:
        refused = 0
        for turn in range(20):
            try:
                fleet.acquire(f"{number}-{turn}")
            except FleetFull:
                refused += 1
        return refused

    assert sum(run_in_threads(work)) == 20 * THREADS - 50
    assert len(fleet) == 50


@pytest.mark.usefixtures("eager_threads")
def test_threads_may_drop_worlds_that_others_use() -> None:
    harness = FleetHarness(capacity=100)

    def work(number: int) -> None:
        for _ in range(200):
            if number % 2:
                harness.call("a")
            for slot in harness.fleet:
                with suppress(UnknownSandbox):  # another thread has dropped it
                    harness.fleet.drop(harness.fleet.id_of_key(slot.key))

    run_in_threads(work)
    assert len(harness.fleet) == 0


@pytest.mark.usefixtures("eager_threads")
def test_calls_in_flight_are_counted_exactly_with_threads() -> None:
    harness = FleetHarness(idle_seconds=100)
    run_in_threads(lambda _: [harness.call("a") for _ in range(200)])
    [slot] = harness.fleet
    assert slot.in_flight == 0
    harness.now = 100
    harness.call("b")
    assert harness.tokens == ["b"]


def test_worlds_that_expire_at_once_are_forgotten_over_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "MAX_EXPIRED_AT_ONCE", 2)
    harness = FleetHarness(capacity=10, idle_seconds=100)
    worlds = {token: harness.call(token) for token in "abcdefg"}
    harness.now = 100
    # One that is still to be forgotten is never used again.
    assert harness.call("g") is not worlds["g"]
    assert harness.tokens == ["c", "d", "e", "f", "g"]
    harness.call("g")
    assert harness.tokens == ["e", "f", "g"]
    harness.call("g")
    assert harness.tokens == ["g"]
    harness.now = 199
    harness.call("h")
    assert harness.tokens == ["g", "h"]


def test_name_of_a_world_that_has_expired_and_is_still_to_be_forgotten_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet_module, "MAX_EXPIRED_AT_ONCE", 1)
    fleet = FleetHarness(capacity=10, idle_seconds=100)
    fleet.call("a")
    state = SandboxState(Table(), seed=1)
    before = fleet.fleet.declare(WorldName("n"), "token", state)
    fleet.now = 100
    assert fleet.fleet.declare(WorldName("n"), "other", state) is not before
    assert "token" not in fleet.tokens


def test_worlds_that_end_at_once_are_forgotten_over_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "MAX_EXPIRED_AT_ONCE", 1)
    harness = FleetHarness(capacity=10, idle_seconds=0)
    state = SandboxState(Table(), seed=1)
    for name in "abcd":
        harness.fleet.declare(WorldName(name), f"token-{name}", state, 60.0)
    harness.now = 60
    harness.call("e")
    # Those that are still to be forgotten are neither listed nor used again.
    assert len(harness.fleet) == 4
    assert harness.tokens == ["e"]
    assert harness.call("token-d").size == 0
    assert harness.tokens == ["e", "token-d"]
    assert len(harness.fleet) == 2


def test_removal_of_each_world_is_reported() -> None:
    removed: list[World] = []
    now = [0.0]
    fleet = LocalFleet(MemoryEngine(launch), lambda: now[0], 2, 100, on_removed=removed.append)

    def call(token: str) -> World:
        with fleet.using(token) as lease:
            return lease.world

    dropped, expired = call("dropped"), call("expired")
    fleet.drop(fleet.id_of_key(next(iter(fleet)).key))
    assert removed == [dropped]
    now[0] = 100
    evicted = call("evicted")
    assert removed == [dropped, expired]
    now[0] = 150
    call("b")
    now[0] = 170
    call("c")
    assert removed == [dropped, expired, evicted]
    declared = fleet.anonymous.world
    now[0] = 300
    declared = fleet.declare(WorldName("n"), "token", SandboxState(Table(), seed=1), 5).world
    removed.clear()
    now[0] = 305
    call("d")
    assert declared in removed


class KeepingEngine(MemoryEngine):
    """An engine that has kept worlds of an earlier process."""

    def __init__(self, *worlds: KeptWorld) -> None:
        super().__init__(launch)
        self.worlds = worlds

    def kept(self) -> tuple[KeptWorld, ...]:
        return self.worlds


def test_kept_worlds_are_selected_and_end_as_before() -> None:
    now = 1000.0
    kept = (
        KeptWorld("", launch("")),
        KeptWorld("a", launch("a")),
        KeptWorld(WorldName("b"), launch("b"), "token of b", None),
        KeptWorld(WorldName("c"), launch("c"), "token of c", 60.0),
    )
    fleet = LocalFleet(KeepingEngine(*kept), lambda: now, capacity=9, idle_seconds=100)
    fleet.begin()
    worlds = [each.world for each in kept]
    assert fleet.worlds() == worlds
    assert fleet.lease_anonymous().world is worlds[0]
    for key, world in (
        ("a", worlds[1]),
        (WorldName("b"), worlds[2]),
        ("token of b", worlds[2]),
        ("token of c", worlds[3]),
    ):
        with fleet.using(key) as lease:
            assert lease.world is world
    assert [each.ttl_seconds for each in fleet.summaries()] == [None, None, 60.0]
    now += 60
    assert fleet.worlds() == worlds[:3]
    now += 40
    with fleet.using("new"):
        assert len(fleet) == 1
