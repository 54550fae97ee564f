"""The lane to one server: the commands of calls that wait travel together, and no call loses the replies of another."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.connection import Connector
from sandbox.engines.valkey.lane import IDLE_SECONDS, Lane
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.errors import StoreUnavailable
from tests.engines.valkey.calls import Call, await_blocked, await_clients
from tests.engines.valkey.conftest import GREENLETS
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer, free_port

pytestmark = pytest.mark.needs("valkey-server")

LONG = 60.0
"""A timeout in seconds that is not reached unless a test fails."""

OpenLane = Callable[..., Lane]


@pytest.fixture
def observed() -> SimpleNamespace:
    """Return what the lanes of a test have done: sizes of pipelines, and failures; ``now`` is their time."""
    return SimpleNamespace(pipelines=[], failures=[], now=0.0)


@pytest.fixture
def open_lane(observed: SimpleNamespace) -> Iterator[OpenLane]:
    """``open_lane(server.url, GREENLETS)``: return a lane, which is closed after the test."""
    lanes: list[Lane] = []

    def open_(url: str, concurrency: Concurrency, **options: Any) -> Lane:
        connector = Connector(parse(url), concurrency, LONG)

        def connection() -> Any:
            opened = connector.connection(connector.node)
            pack = opened.pack_commands

            def counting_pack(commands: list[Any]) -> Any:
                observed.pipelines.append(len(commands))
                return pack(commands)

            opened.pack_commands = counting_pack
            return opened

        lanes.append(
            Lane(
                connection,
                concurrency,
                timeout=LONG,
                on_failure=observed.failures.append,
                monotonic=lambda: observed.now,
                **options,
            )
        )
        return lanes[-1]

    yield open_
    for lane in lanes:
        lane.close()


def spawn_echo(lane: Lane, text: str) -> "gevent.Greenlet[Any, Any]":
    """Ask in a greenlet of its own, which has begun to wait when this returns."""
    greenlet = gevent.spawn(lane.ask, [("ECHO", text)])
    greenlet.start()
    gevent.idle()
    return greenlet


def test_a_lone_call_gets_its_replies(
    valkey: ValkeyServer, open_lane: OpenLane, concurrency: Concurrency
) -> None:
    lane = open_lane(valkey.url, concurrency)
    assert lane.ask([("SET", "a", 1), ("GET", "a")]) == [b"OK", b"1"]
    assert lane.ask([("GET", "a")]) == [b"1"]
    assert lane.ask([]) == []


def test_calls_that_wait_travel_together(
    valkey: ValkeyServer, open_lane: OpenLane, observed: SimpleNamespace
) -> None:
    lane = open_lane(valkey.url, GREENLETS)
    lane.ask([("PING",)])
    valkey.stop()
    try:
        calls = [spawn_echo(lane, str(number)) for number in range(20)]
        assert observed.pipelines == [1, 1]
    finally:
        valkey.cont()
    assert [call.get(timeout=LONG) for call in calls] == [[str(number).encode()] for number in range(20)]
    assert observed.pipelines == [1, 1, 19]


def test_a_pipeline_is_limited_unless_one_call_has_more(
    valkey: ValkeyServer, open_lane: OpenLane, observed: SimpleNamespace
) -> None:
    lane = open_lane(valkey.url, GREENLETS, max_commands=8)
    lane.ask([("PING",)])
    valkey.stop()
    try:
        calls = [spawn_echo(lane, str(number)) for number in range(20)]
        many = gevent.spawn(lane.ask, [("ECHO", "x")] * 10)
        gevent.idle()
    finally:
        valkey.cont()
    assert [call.get(timeout=LONG) for call in calls] == [[str(number).encode()] for number in range(20)]
    assert many.get(timeout=LONG) == [b"x"] * 10
    assert observed.pipelines == [1, 1, 8, 8, 3, 10]


def test_many_threads_get_their_own_replies(valkey: ValkeyServer, open_lane: OpenLane) -> None:
    lane = open_lane(valkey.url, THREADS)

    def talk(name: int) -> bool:
        return all(
            lane.ask([("ECHO", f"{name}-{number}"), ("INCR", "n")])[0] == f"{name}-{number}".encode()
            for number in range(200)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(talk, range(8)))
    assert lane.ask([("GET", "n")]) == [b"1600"]


@pytest.mark.parametrize("killed", [(0,), (1,), (2,), (0, 1), (0, 1, 2), (2, 0), (1, 2, 0)])
def test_a_killed_call_loses_no_replies_of_others(
    valkey: ValkeyServer, open_lane: OpenLane, observed: SimpleNamespace, killed: tuple[int, ...]
) -> None:
    lane = open_lane(valkey.url, GREENLETS)
    lane.ask([("PING",)])
    valkey.stop()
    try:
        calls = [spawn_echo(lane, str(number)) for number in range(5)]
        for number in killed:
            calls[number].kill()
    finally:
        valkey.cont()
    left = [number for number in range(5) if number not in killed]
    assert [calls[number].get(timeout=LONG) for number in left] == [[str(number).encode()] for number in left]
    assert lane.ask([("ECHO", "later")]) == [b"later"]
    assert observed.failures == []


def test_a_call_that_is_killed_in_a_pipeline_of_several_loses_no_replies(
    valkey: ValkeyServer, open_lane: OpenLane
) -> None:
    with TcpProxy(valkey.port) as proxy:
        lane = open_lane(f"valkey://127.0.0.1:{proxy.port}", GREENLETS)
        valkey.stop()
        first = spawn_echo(lane, "first")
        others = [spawn_echo(lane, str(number)) for number in range(4)]
        valkey.cont()
        assert first.get(timeout=LONG) == [b"first"]
        # The second one leads now, with the commands of the others in its pipeline.
        others[0].kill()
        assert [call.get(timeout=LONG) for call in others[1:]] == [[b"1"], [b"2"], [b"3"]]
        assert lane.ask([("ECHO", "later")]) == [b"later"]
        lane.close()


def test_replies_that_nobody_waits_for_do_not_reach_later_calls(
    valkey: ValkeyServer, open_lane: OpenLane
) -> None:
    lane = open_lane(valkey.url, GREENLETS)
    valkey.stop()
    try:
        calls = [spawn_echo(lane, str(number)) for number in range(3)]
        gevent.killall(calls)
        assert all(call.ready() for call in calls)
    finally:
        valkey.cont()
    assert lane.ask([("ECHO", "later")]) == [b"later"]


def test_a_call_that_times_out_by_itself_loses_no_replies_of_others(
    valkey: ValkeyServer, open_lane: OpenLane
) -> None:
    lane = open_lane(valkey.url, GREENLETS)
    valkey.stop()

    def impatient() -> object:
        try:
            with gevent.Timeout(0):
                return lane.ask([("ECHO", "impatient")])
        except gevent.Timeout:
            return "late"

    try:
        lead = gevent.spawn(impatient)
        follower = spawn_echo(lane, "follower")
        second = gevent.spawn(impatient)
        assert [call.get(timeout=LONG) for call in (lead, second)] == ["late", "late"]
    finally:
        valkey.cont()
    assert follower.get(timeout=LONG) == [b"follower"]


def test_a_failure_ends_all_calls(
    start_valkey: StartValkey, open_lane: OpenLane, observed: SimpleNamespace
) -> None:
    server = start_valkey()
    lane = open_lane(server.url, GREENLETS)
    lane.ask([("PING",)])
    server.stop()
    calls = [spawn_echo(lane, str(number)) for number in range(5)]
    server.kill()
    may_be_done = []
    for call in calls:
        with pytest.raises(StoreUnavailable) as unavailable:
            call.get(timeout=LONG)
        may_be_done.append(unavailable.value.may_be_done)
    assert may_be_done == [True, False, False, False, False]
    assert len(observed.failures) == 1
    with pytest.raises(StoreUnavailable, match="Connection refused") as refused:
        lane.ask([("PING",)])
    assert not refused.value.may_be_done
    server.restart()
    assert lane.ask([("ECHO", "again")]) == [b"again"]


def test_a_connection_that_was_cut_while_it_was_idle_is_replaced(
    valkey: ValkeyServer, open_lane: OpenLane, observed: SimpleNamespace, concurrency: Concurrency
) -> None:
    with TcpProxy(valkey.port) as proxy:
        lane = open_lane(f"valkey://127.0.0.1:{proxy.port}", concurrency)
        lane.ask([("PING",)])
        observed.now = IDLE_SECONDS * 2
        lane.ask([("PING",)])
        assert proxy.accepted == 1
        proxy.cut()
        observed.now = IDLE_SECONDS * 4
        assert lane.ask([("INCR", "n")]) == [1]
        assert proxy.accepted == 2
        proxy.cut()
        with pytest.raises(StoreUnavailable):
            lane.ask([("INCR", "n")])
        lane.close()


def test_a_lane_that_was_closed_opens_another_connection(
    valkey: ValkeyServer, open_lane: OpenLane, concurrency: Concurrency
) -> None:
    with TcpProxy(valkey.port) as proxy:
        lane = open_lane(f"valkey://127.0.0.1:{proxy.port}", concurrency)
        lane.ask([("PING",)])
        lane.close()
        assert lane.ask([("ECHO", "a")]) == [b"a"]
        assert proxy.accepted == 2
        lane.close()


def test_a_server_that_is_not_there_fails_all_calls(
    open_lane: OpenLane, observed: SimpleNamespace, concurrency: Concurrency
) -> None:
    lane = open_lane(f"valkey://127.0.0.1:{free_port()}", concurrency)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="Connection refused"):
            lane.ask([("PING",)])
    assert len(observed.failures) == 2


def test_a_lane_that_is_closed_during_calls_answers_them_first(
    valkey: ValkeyServer, open_lane: OpenLane
) -> None:
    with TcpProxy(valkey.port) as proxy:
        lane = open_lane(f"valkey://127.0.0.1:{proxy.port}", GREENLETS)
        lane.ask([("PING",)])
        valkey.stop()
        try:
            calls = [spawn_echo(lane, str(number)) for number in range(3)]
            lane.close()
        finally:
            valkey.cont()
        assert [call.get(timeout=LONG) for call in calls] == [[b"0"], [b"1"], [b"2"]]
        assert proxy.accepted == 2
        lane.close()


def test_a_lane_that_is_closed_while_calls_wait_gives_them_their_replies(
    valkey: ValkeyServer, open_lane: OpenLane, observed: SimpleNamespace, concurrency: Concurrency
) -> None:
    lane = open_lane(valkey.url, concurrency)
    calls = [Call(concurrency, lambda: lane.ask([("BLPOP", "a", 0)]))]
    await_blocked(valkey, 1, concurrency)
    calls.append(Call(concurrency, lambda: lane.ask([("BLPOP", "a", 0)])))
    lane.close()
    valkey.run("RPUSH", "a", "x", "y")
    assert sorted(call.end() for call in calls) == [[[b"a", b"x"]], [[b"a", b"y"]]]
    lane.close()
    await_clients(valkey, 0, concurrency)
    assert observed.failures == []
