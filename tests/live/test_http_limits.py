"""Limits on sizes, times and connections: errors have the documented format, and the connection is closed."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.live.conftest import StartServer, server_factory
from tests.live.server import TIMEOUT_SECONDS, Server
from tests.live.wire import Wire, assert_error, create, request


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server that waits one second for everything but the application."""
    for start in server_factory(tmp_path_factory.mktemp("impatient")):
        yield start("--head-seconds", "1", "--body-seconds", "1", "--keep-alive-seconds", "1")


def take_all(client: socket.socket) -> None:
    while client.recv(100_000):
        pass


def test_each_size_limit_has_a_setting(start: StartServer) -> None:
    server = start("--max-request-line-bytes", "100", "--max-headers", "8", "--max-header-bytes", "300")
    for text, status in (
        (request("GET", "/" + "a" * 100, "me"), 414),
        (request("GET", "/v1/nowhere", "me", *["X: a"] * 7), 431),
        (request("GET", "/v1/nowhere", "me", f"X: {'a' * 300}"), 431),
        (request("GET", "/v1/nowhere", "me"), 404),
    ):
        with Wire(server) as wire:
            wire.send(text)
            assert_error(wire.read_response(), status)


@pytest.mark.parametrize("beginning", ["G", "GET /v1/conversations HTTP/1.1\r\n"])
def test_an_incomplete_head_gets_408(impatient: Server, beginning: str) -> None:
    with Wire(impatient) as wire:
        wire.send(beginning)
        assert " 1 second." in assert_error(wire.read_response(), 408)
        assert wire.is_closed()


def test_a_head_that_arrives_byte_by_byte_has_the_same_timeout(impatient: Server) -> None:
    with Wire(impatient) as wire:
        began = time.monotonic()
        try:
            for letter in request("GET", "/v1/nowhere", "me") * 10:
                wire.send(letter)
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - began < TIMEOUT_SECONDS


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_stalled_body_gets_408(impatient: Server, framing: str) -> None:
    with Wire(impatient) as wire:
        wire.send(create("me", framing, body="", length=-1))
        assert " 1 second." in assert_error(wire.read_response(), 408)
        assert wire.is_closed()


def test_a_slow_body_is_read(impatient: Server) -> None:
    body = '{"contact_id": "a"}'
    with Wire(impatient) as wire:
        wire.send(create("me", body="", length=len(body)))
        for at in range(0, len(body), 5):
            wire.send(body[at : at + 5])
            time.sleep(0.4)
        assert wire.read_response().status == 201


def test_an_idle_connection_is_closed_without_a_response(impatient: Server) -> None:
    with Wire(impatient) as silent, Wire(impatient) as used:
        used.send(request("GET", "/v1/nowhere", "me"))
        assert_error(used.read_response(), 404)
        assert used.is_closed()
        assert silent.is_closed()


def test_a_client_that_stops_receiving_is_reset(start: StartServer) -> None:
    server = start("--answer-seconds", "1", "--scenario", "crowd")
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS) as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        text = request("GET", "/__admin/state", "me").encode()
        # Several, because the socket buffers hold a part of them.
        greedy.sendall(text * 10)
        time.sleep(3)
        with pytest.raises(ConnectionResetError):
            take_all(greedy)
    assert server.log == ""


def test_the_slowest_connection_is_closed_at_the_limit(start: StartServer) -> None:
    server = start("--max-connections", "4")
    with Wire(server) as slow, Wire(server) as unfinished, Wire(server) as idle, Wire(server) as used:
        used.send(request("GET", "/v1/nowhere", "me"))
        assert_error(used.read_response(), 404)
        slow.send(create("me", body="", length=100))
        unfinished.send("GET /")
        idle.send("")
        time.sleep(0.2)
        with Wire(server) as newcomer:
            newcomer.send(request("GET", "/v1/nowhere", "me"))
            assert_error(newcomer.read_response(), 404)
            assert_error(slow.read_response(), 503)
            assert slow.is_closed()
            used.send(request("GET", "/v1/nowhere", "me"))
            assert_error(used.read_response(), 404)


def test_a_new_connection_is_refused_if_all_have_calls_in_progress(start: StartServer) -> None:
    server = start("--max-connections", "4", "--max-connections-per-address", "2")
    with Wire(server) as one, Wire(server) as other:
        for wire in (one, other):
            wire.send(request("GET", "/v1/nowhere", "me", "Prefer: delay=60000"))
        # Until their calls have begun, a new connection would replace one of them.
        time.sleep(1)
        with Wire(server) as newcomer:
            newcomer.send(request("GET", "/v1/nowhere", "me"))
            response = newcomer.read_response()
            assert "--max-connections-per-address" in assert_error(response, 503)
            assert response.headers["Retry-After"] == "1"
            assert newcomer.is_closed()
