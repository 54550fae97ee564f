"""The connection under a WSGI request, on real sockets."""

import errno
import socket
from collections.abc import Iterator

import pytest

from sandbox.edge.injection.connection import Connection
from sandbox.problems import Problem
from tests.faults.harness import FakeSocket

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A client's socket and the server's, connected over TCP."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), 10) as client,
    ):
        served, _ = listener.accept()
        with served:
            yield client, served


def test_finish_sends_the_bytes_and_closes(pair: Pair) -> None:
    client, served = pair
    with pytest.raises(BrokenPipeError) as ended:
        Connection({"gunicorn.socket": served}).finish(b"abc")
    assert ended.value.errno == errno.EPIPE
    assert client.makefile("rb").read() == b"abc"


def test_reset_is_a_real_rst(pair: Pair) -> None:
    client, served = pair
    with pytest.raises(ConnectionResetError) as ended:
        Connection({"werkzeug.socket": served}).reset()
    assert ended.value.errno == errno.ECONNRESET
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_client_that_left_already_is_no_defect(pair: Pair) -> None:
    client, served = pair
    client.close()
    with pytest.raises(BrokenPipeError):
        Connection({"gunicorn.socket": served}).finish(b"abc" * 1000)
    with pytest.raises(BrokenPipeError):
        Connection({"gunicorn.socket": FakeSocket(broken=True)}).finish(b"abc")


def test_left_ends_the_request_and_leaves_the_socket_alone() -> None:
    with pytest.raises(BrokenPipeError) as ended:
        Connection.left()
    assert ended.value.errno == errno.EPIPE


@pytest.mark.parametrize(
    "end", [lambda connection: connection.reset(), lambda connection: connection.finish(b"")]
)
def test_a_server_that_offers_no_socket_is_told_so_in_words(end: object) -> None:
    assert callable(end)
    with pytest.raises(Problem) as refusal:
        end(Connection({}))
    assert refusal.value.status == 500
    assert "gunicorn" in refusal.value.message
