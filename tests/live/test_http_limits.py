"""What a client may send, and how long it may take: refused in the documented shape, and the connection ends."""

import socket
import time

import pytest

from tests.live.conftest import Start
from tests.live.server import PATIENCE_SECONDS
from tests.live.wire import Wire, assert_error, create, request


def take_all(client: socket.socket) -> None:
    while client.recv(100_000):
        pass


def test_each_size_has_a_setting(start: Start) -> None:
    server = start("--max-request-line-bytes", "100", "--max-headers", "8", "--max-header-bytes", "300")
    for text, status in (
        (request("GET", "/" + "a" * 100, "me"), 414),
        (request("GET", "/v1/nowhere", "me", *["X: a"] * 7), 431),
        (request("GET", "/v1/nowhere", "me", f"X: {'a' * 300}"), 431),
        (request("GET", "/v1/nowhere", "me"), 404),
    ):
        with Wire(server) as wire:
            wire.send(text)
            assert_error(wire.answer(), status)


@pytest.mark.parametrize("beginning", ["G", "GET /v1/conversations HTTP/1.1\r\n"])
def test_a_head_that_does_not_arrive_gets_408(start: Start, beginning: str) -> None:
    server = start("--head-seconds", "1")
    with Wire(server) as wire:
        wire.send(beginning)
        assert "1 seconds" in assert_error(wire.answer(), 408)
        assert wire.is_closed()


def test_a_head_that_arrives_byte_by_byte_has_no_more_time(start: Start) -> None:
    server = start("--head-seconds", "1")
    with Wire(server) as wire:
        began = time.monotonic()
        try:
            for letter in request("GET", "/v1/nowhere", "me") * 10:
                wire.send(letter)
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_go_on_gets_408_and_writes_nothing(start: Start, framing: str) -> None:
    server = start("--body-seconds", "1")
    with Wire(server) as wire:
        wire.send(create("me", framing, body="", length=-1))
        assert "1 seconds" in assert_error(wire.answer(), 408)
        assert wire.is_closed()


def test_a_body_that_goes_on_is_awaited(start: Start) -> None:
    server = start("--body-seconds", "1")
    body = '{"contact_id": "a"}'
    with Wire(server) as wire:
        wire.send(create("me", body="", length=len(body)))
        for at in range(0, len(body), 5):
            wire.send(body[at : at + 5])
            time.sleep(0.4)
        assert wire.answer().status == 201


def test_an_idle_connection_closes_without_a_word(start: Start) -> None:
    server = start("--keep-alive-seconds", "1")
    with Wire(server) as silent, Wire(server) as used:
        used.send(request("GET", "/v1/nowhere", "me"))
        assert_error(used.answer(), 404)
        assert used.is_closed()
        assert silent.is_closed()


def test_a_client_that_takes_nothing_of_its_answers_is_left(start: Start) -> None:
    server = start("--answer-seconds", "1", "--scenario", "crowd")
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        text = request("GET", "/__admin/state", "me").encode()
        # Several: a part of them finds room in the system's buffers.
        greedy.sendall(text * 10)
        time.sleep(3)
        with pytest.raises(ConnectionResetError):
            take_all(greedy)
    assert server.log == ""


def test_beyond_the_most_connections_the_one_that_takes_longest_makes_room(start: Start) -> None:
    server = start("--max-connections", "4")
    with Wire(server) as slow, Wire(server) as unfinished, Wire(server) as idle, Wire(server) as used:
        used.send(request("GET", "/v1/nowhere", "me"))
        assert_error(used.answer(), 404)
        slow.send(create("me", body="", length=100))
        unfinished.send("GET /")
        idle.send("")
        time.sleep(0.2)
        with Wire(server) as newcomer:
            newcomer.send(request("GET", "/v1/nowhere", "me"))
            assert_error(newcomer.answer(), 404)
            assert_error(slow.answer(), 503)
            assert slow.is_closed()
            used.send(request("GET", "/v1/nowhere", "me"))
            assert_error(used.answer(), 404)


def test_where_every_connection_has_a_call_under_way_a_new_one_is_turned_away(start: Start) -> None:
    server = start("--max-connections", "4", "--max-connections-per-address", "2")
    with Wire(server) as one, Wire(server) as other:
        for wire in (one, other):
            wire.send(request("GET", "/v1/nowhere", "me", "Prefer: delay=60000"))
        # A newcomer before that would take the place of one of them.
        time.sleep(1)
        with Wire(server) as newcomer:
            newcomer.send(request("GET", "/v1/nowhere", "me"))
            answer = newcomer.answer()
            assert "--max-connections-per-address" in assert_error(answer, 503)
            assert answer.headers["Retry-After"] == "1"
            assert newcomer.is_closed()
