"""No client holds another: while one does its worst, another one's calls are answered at once."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.live.conftest import Start
from tests.live.server import PATIENCE_SECONDS, Server
from tests.live.wire import create, request

MAX_SECONDS = 1.0
"""A few milliseconds are usual; the rest is for machines that are busy with other tests."""


@contextmanager
def observed(server: Server, token: str) -> Iterator[None]:
    """Retrieves, again and again, while the body runs; none may take long."""
    over = threading.Event()
    took: list[float] = []

    def observe() -> None:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
        while not over.is_set():
            began = time.monotonic()
            client.request(
                "GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", headers={"Authorization": f"Bearer {token}"}
            )
            answer = client.getresponse()
            answer.read()
            took.append(time.monotonic() - began)
            assert answer.status == 200
            time.sleep(0.002)
        client.close()

    thread = threading.Thread(target=observe)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_SECONDS)
    assert took
    assert max(took) < MAX_SECONDS


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS)


def send_much(server: Server, head: str, piece: bytes, pieces: int) -> None:
    """Send until everything is sent or the server has had enough."""
    with connect(server) as client:
        try:
            client.sendall(head.encode())
            for _ in range(pieces):
                client.sendall(piece)
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
def test_another_client_does_not_notice(server: Server, token: str, attack: Callable[[Server], None]) -> None:
    with observed(server, token):
        attack(server)


def test_connections_with_unfinished_bodies_shut_nobody_out(start: Start, token: str) -> None:
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
