"""The connection of a WSGI request, on real sockets."""

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
    """Yield the sockets of a client and of its server, connected over TCP."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), 10) as client,
    ):
        accepted, _ = listener.accept()
        with accepted:
            yield client, accepted


def test_finish_sends_the_bytes_and_closes_the_connection(pair: Pair) -> None:
    client, accepted = pair
    with pytest.raises(BrokenPipeError) as error:
        Connection({"gunicorn.socket": accepted}).finish(b"abc")
    assert error.value.errno == errno.EPIPE
    assert client.makefile("rb").read() == b"abc"


def test_reset_sends_an_rst(pair: Pair) -> None:
    client, accepted = pair
    with pytest.raises(ConnectionResetError) as error:
        Connection({"werkzeug.socket": accepted}).reset()
    assert error.value.errno == errno.ECONNRESET
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_finish_tolerates_a_client_that_has_left(pair: Pair) -> None:
    client, accepted = pair
    client.close()
    with pytest.raises(BrokenPipeError):
        Connection({"gunicorn.socket": accepted}).finish(b"abc" * 1000)
    with pytest.raises(BrokenPipeError):
        Connection({"gunicorn.socket": FakeSocket(broken=True)}).finish(b"abc")


def test_left_ends_the_request_without_a_socket() -> None:
    with pytest.raises(BrokenPipeError) as error:
        Connection.left()
    assert error.value.errno == errno.EPIPE


@pytest.mark.parametrize(
    "end", [lambda connection: connection.reset(), lambda connection: connection.finish(b"")]
)
def test_error_without_a_socket_names_a_suitable_server(end: object) -> None:
    assert callable(end)
    with pytest.raises(Problem) as error:
        end(Connection({}))
    assert error.value.status == 500
    assert "gunicorn" in error.value.message
