"""No client blocks another: during an attack by one client, the calls of another one are answered at once."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.live.conftest import StartServer
from tests.live.server import TIMEOUT_SECONDS, Server
from tests.live.wire import create, request

MAX_SECONDS = 1.0
"""Maximum time of a call. A few milliseconds are usual; the rest is for busy machines."""


@contextmanager
def observed(server: Server, token: str) -> Iterator[None]:
    """Send requests while the block runs; none of them may take long."""
    over = threading.Event()
    took: list[float] = []

    def observe() -> None:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
        while not over.is_set():
            began = time.monotonic()
            client.request(
                "GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", headers={"Authorization": f"Bearer {token}"}
            )
            response = client.getresponse()
            response.read()
            took.append(time.monotonic() - began)
            assert response.status == 200
            time.sleep(0.002)
        client.close()

    thread = threading.Thread(target=observe)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(TIMEOUT_SECONDS)
    assert took
    assert max(took) < MAX_SECONDS


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS)


def send_much(server: Server, head: str, piece: bytes, pieces: int) -> None:
    """Send all pieces, or until the server closes the connection."""
    with connect(server) as client:
        try:
            client.sendall(head.encode())
            for _ in range(pieces):
                client.sendall(piece)
            # Otherwise the server would wait for the rest of a body without an end, for 20 seconds.
            client.shutdown(socket.SHUT_WR)
            while client.recv(65_536):
                pass
        except OSError:
            return


def large_body(server: Server) -> None:
    send_much(server, create("large", body="", length=300_000_000), b"x" * 1_000_000, 300)


def large_body_of_a_call_that_reads_none(server: Server) -> None:
    head = "GET /__admin/health HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    send_much(server, head, b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n", 300)


def tiny_chunks(server: Server) -> None:
    head = create("tiny", "Transfer-Encoding: chunked", body="", length=-1)
    send_much(server, head, b"1\r\nx\r\n" * 10_000, 10)


def long_pipeline(server: Server) -> None:
    with connect(server) as client:
        text = request("GET", "/v1/conversations?limit=50", "pipeline").encode() * 500
        sender = threading.Thread(target=client.sendall, args=(text,))
        sender.start()
        received = 0
        while received < 500 * 10_000:
            received += len(client.recv(1_000_000))
        sender.join()


def many_that_never_finish(server: Server) -> None:
    clients = [connect(server) for _ in range(400)]
    for client in clients:
        client.sendall(create("unfinished", body="abc", length=1000).encode())
    time.sleep(0.5)
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    "attack",
    [
        large_body,
        large_body_of_a_call_that_reads_none,
        tiny_chunks,
        long_pipeline,
        many_that_never_finish,
    ],
)
def test_another_client_is_not_delayed(server: Server, token: str, attack: Callable[[Server], None]) -> None:
    with observed(server, token):
        attack(server)


def test_incomplete_bodies_do_not_block_new_connections(start: StartServer, token: str) -> None:
    server = start("--max-connections", "200", "--max-connections-per-address", "150")
    clients = []
    try:
        with observed(server, token):
            for _ in range(400):
                client = connect(server)
                clients.append(client)
                client.sendall(create("unfinished", body="abc", length=1000).encode())
    finally:
        for client in clients:
            client.close()
