"""The head and the body of a response are sent together."""

import socket
from collections.abc import Iterator

import pytest

from sandbox.server.joined_send import JOINED_BYTES, Joining

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Client(socket.socket):
    """A socket that records the sent data and sends at most ``max_bytes`` at a time."""

    max_bytes = 10**9

    def __init__(self, own: socket.socket) -> None:
        super().__init__(fileno=own.detach())
        self.calls: list[bytes] = []

    def send(self, data: bytes, flags: int = 0) -> int:  # type: ignore[override]
        self.calls.append(bytes(data)[: self.max_bytes])
        return super().send(self.calls[-1], flags)

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
        self.calls.append(bytes(data))
        super().sendall(data, flags)


@pytest.fixture
def ends() -> Iterator[tuple[Client, socket.socket]]:
    """Return the server's and the client's end of a connection."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with Client(ours) as client, theirs:
        yield client, theirs


def test_head_and_body_are_one_send(ends: tuple[Client, socket.socket]) -> None:
    client, theirs = ends
    joining = Joining(client)
    joining.sendall(HEAD)
    assert client.calls == []
    joining.sendall(b"{}")
    assert client.calls == [HEAD + b"{}"]
    assert theirs.recv(100) == HEAD + b"{}"


def test_further_pieces_are_sent_at_once(ends: tuple[Client, socket.socket]) -> None:
    client, _ = ends
    joining = Joining(client)
    for piece in (HEAD, b"one", b"two", b"three"):
        joining.sendall(piece)
    assert client.calls == [HEAD + b"one", b"two", b"three"]


def test_flush_sends_the_head_once(ends: tuple[Client, socket.socket]) -> None:
    client, _ = ends
    joining = Joining(client)
    joining.flush()
    joining.sendall(HEAD)
    joining.flush()
    joining.flush()
    assert client.calls == [HEAD]


def test_empty_body_sends_the_head(ends: tuple[Client, socket.socket]) -> None:
    client, _ = ends
    joining = Joining(client)
    joining.sendall(HEAD)
    joining.sendall(b"")
    assert client.calls == [HEAD]


def test_long_body_is_not_copied(ends: tuple[Client, socket.socket]) -> None:
    client, _ = ends
    joining = Joining(client)
    joining.sendall(HEAD)
    joining.sendall(b"x" * (JOINED_BYTES + 1))
    assert client.calls == [HEAD, b"x" * (JOINED_BYTES + 1)]


def test_rest_of_a_partial_send_is_sent(ends: tuple[Client, socket.socket]) -> None:
    client, theirs = ends
    client.max_bytes = 7
    joining = Joining(client)
    joining.sendall(HEAD)
    joining.sendall(b"body")
    assert client.calls == [HEAD[:7], HEAD[7:] + b"body"]
    assert theirs.recv(100) == HEAD + b"body"


def test_other_socket_operations_flush_the_head_first(
    ends: tuple[Client, socket.socket],
) -> None:
    client, theirs = ends
    joining = Joining(client)
    joining.sendall(HEAD)
    joining.shutdown(socket.SHUT_WR)
    assert theirs.recv(100) == HEAD
    assert theirs.recv(100) == b""
