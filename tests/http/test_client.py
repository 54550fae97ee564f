"""The client's end of a connection: waiting, noticing a departure, and giving others their turn."""

import socket

import gevent
import pytest

from sandbox.http.client import Client, Closed, Departures, Phase, give_way
from tests.http.conftest import ClientWith
from tests.http.harness import PATIENCE_SECONDS

Pair = tuple[Client, socket.socket]


@pytest.fixture
def pair(client_with: ClientWith) -> Pair:
    client, other = client_with()
    return client, other


def test_what_arrives_is_received_and_then_the_end(pair: Pair) -> None:
    client, other = pair
    other.sendall(b"abc")
    assert client.receive(Phase.IDLE) == b"abc"
    other.close()
    assert client.receive(Phase.IDLE) == b""
    assert client.receive(Phase.IDLE) == b""
    assert client.has_left


def test_others_run_while_it_waits(pair: Pair) -> None:
    client, other = pair
    gevent.spawn(other.sendall, b"late")
    with gevent.Timeout(PATIENCE_SECONDS):
        assert client.receive(Phase.HEAD) == b"late"
    assert client.phase is Phase.HEAD


def test_an_interruption_is_raised_where_it_waits(pair: Pair) -> None:
    client, _other = pair
    gevent.spawn(client.interrupt, Closed())
    client.phase = Phase.IDLE
    with gevent.Timeout(PATIENCE_SECONDS), pytest.raises(Closed):
        client.receive(Phase.IDLE)


def test_an_interruption_that_comes_too_late_is_forgotten(pair: Pair) -> None:
    client, other = pair
    client.interrupt(Closed())
    client.since += 1
    gevent.sleep(0)
    gevent.spawn(other.sendall, b"abc")
    with gevent.Timeout(PATIENCE_SECONDS):
        assert client.receive(Phase.IDLE) == b"abc"


def test_a_client_that_leaves_during_its_call_is_noticed(pair: Pair) -> None:
    client, other = pair
    noticed: list[bool] = []
    client.phase = Phase.CALL
    client.on_leave(lambda: noticed.append(True))
    other.sendall(b"ahead")
    _turns()
    assert (noticed, client.has_left, client.buffer) == ([], False, b"ahead")
    other.close()
    _turns()
    assert (noticed, client.has_left) == ([True], True)
    client.on_leave(lambda: noticed.append(True))
    assert noticed == [True, True]


def test_what_is_sent_ahead_is_read_up_to_a_bound(pair: Pair) -> None:
    client, other = pair
    client.phase = Phase.CALL
    client.on_leave(lambda: None)
    other.settimeout(0)
    sent = 0
    for _ in range(100):
        try:
            sent += other.send(b"x" * 65_536)
        except BlockingIOError:
            _turns()
    assert len(client.buffer) < 65_536 * 3


def test_a_reset_is_an_end_as_well(pair: Pair) -> None:
    client, other = pair
    client.sendall(b"unread")
    other.close()
    with gevent.Timeout(PATIENCE_SECONDS):
        assert client.receive(Phase.IDLE) == b""


def test_a_large_answer_waits_for_the_client_and_lets_others_run(pair: Pair) -> None:
    client, other = pair
    data = bytes(range(256)) * 20_000
    sender = gevent.spawn(client.sendall_of, b"head", data)
    _turns()
    assert client.phase is Phase.WRITE
    other.settimeout(0)
    received = b""
    while len(received) < len(data) + 4:
        gevent.sleep(0)
        try:
            received += other.recv(1_000_000)
        except BlockingIOError:
            continue
    assert received == b"head" + data
    sender.join()


def test_sending_to_a_client_that_left_raises(pair: Pair) -> None:
    client, other = pair
    other.close()
    with pytest.raises(ConnectionError):
        client.sendall(b"abc")


def test_a_socket_may_be_shut_down_and_set(pair: Pair) -> None:
    client, other = pair
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.reset_on_close()
    client.shutdown(socket.SHUT_WR)
    assert other.recv(1) == b""


def test_departures_are_heard_a_few_at_a_time() -> None:
    heard: list[int] = []

    class Leaving:
        def __init__(self, number: int) -> None:
            self._number = number

        def hear_end(self) -> None:
            heard.append(self._number)

    departures = Departures()
    for number in range(100):
        departures.add(Leaving(number))  # type: ignore[arg-type]
    give_way()
    assert 0 < len(heard) <= 3 * Departures.MAX_PER_TURN
    _turns(20)
    assert heard == list(range(100))


def _turns(count: int = 5) -> None:
    for _ in range(count):
        give_way()
