"""Connections to clients: waiting, detection of a disconnect, and yielding to other greenlets."""

import socket

import gevent
import pytest

from sandbox.http.client import Client, Closed, Disconnects, Phase, yield_to_others
from tests.http.conftest import ClientWith
from tests.http.harness import PATIENCE_SECONDS

Pair = tuple[Client, socket.socket]


@pytest.fixture
def pair(client_with: ClientWith) -> Pair:
    client, other = client_with()
    return client, other


def test_data_is_received_and_then_the_end(pair: Pair) -> None:
    client, other = pair
    other.sendall(b"abc")
    assert client.receive(Phase.IDLE) == b"abc"
    other.close()
    assert client.receive(Phase.IDLE) == b""
    assert client.receive(Phase.IDLE) == b""
    assert client.has_disconnected


def test_other_greenlets_run_during_a_wait(pair: Pair) -> None:
    client, other = pair
    gevent.spawn(other.sendall, b"late")
    with gevent.Timeout(PATIENCE_SECONDS):
        assert client.receive(Phase.HEAD) == b"late"
    assert client.phase is Phase.HEAD


def test_an_interruption_is_raised_in_the_waiting_greenlet(pair: Pair) -> None:
    client, _other = pair
    gevent.spawn(client.interrupt, Closed())
    client.phase = Phase.IDLE
    with gevent.Timeout(PATIENCE_SECONDS), pytest.raises(Closed):
        client.receive(Phase.IDLE)


def test_a_late_interruption_is_ignored(pair: Pair) -> None:
    client, other = pair
    client.interrupt(Closed())
    client.since += 1
    gevent.sleep(0)
    gevent.spawn(other.sendall, b"abc")
    with gevent.Timeout(PATIENCE_SECONDS):
        assert client.receive(Phase.IDLE) == b"abc"


def test_a_disconnect_during_a_call_is_detected(pair: Pair) -> None:
    client, other = pair
    noticed: list[bool] = []
    client.phase = Phase.CALL
    client.on_disconnect(lambda: noticed.append(True))
    other.sendall(b"ahead")
    _turns()
    assert (noticed, client.has_disconnected, client.buffer) == ([], False, b"ahead")
    other.close()
    _turns()
    assert (noticed, client.has_disconnected) == ([True], True)
    client.on_disconnect(lambda: noticed.append(True))
    assert noticed == [True, True]


def test_data_sent_ahead_is_read_up_to_a_limit(pair: Pair) -> None:
    client, other = pair
    client.phase = Phase.CALL
    client.on_disconnect(lambda: None)
    other.settimeout(0)
    sent = 0
    for _ in range(100):
        try:
            sent += other.send(b"x" * 65_536)
        except BlockingIOError:
            _turns()
    assert len(client.buffer) < 65_536 * 3


def test_a_reset_is_an_end_of_input(pair: Pair) -> None:
    client, other = pair
    client.sendall(b"unread")
    other.close()
    with gevent.Timeout(PATIENCE_SECONDS):
        assert client.receive(Phase.IDLE) == b""


def test_a_large_response_waits_for_the_client_without_blocking_others(pair: Pair) -> None:
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


def test_sending_to_a_disconnected_client_raises(pair: Pair) -> None:
    client, other = pair
    other.close()
    with pytest.raises(ConnectionError):
        client.sendall(b"abc")


def test_socket_options_and_shutdown(pair: Pair) -> None:
    client, other = pair
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.reset_on_close()
    client.shutdown(socket.SHUT_WR)
    assert other.recv(1) == b""


def test_disconnects_are_handled_a_few_at_a_time() -> None:
    heard: list[int] = []

    class Leaving:
        def __init__(self, number: int) -> None:
            self._number = number

        def on_end(self) -> None:
            heard.append(self._number)

    disconnects = Disconnects()
    for number in range(100):
        disconnects.add(Leaving(number))  # type: ignore[arg-type]
    yield_to_others()
    assert 0 < len(heard) <= 3 * Disconnects.MAX_PER_TURN
    _turns(20)
    assert heard == list(range(100))


def _turns(count: int = 5) -> None:
    for _ in range(count):
        yield_to_others()
