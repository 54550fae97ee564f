"""Sending responses, with correct framing in all cases."""

import socket
from collections.abc import Iterable, Iterator
from typing import Any

import gevent
import pytest

from sandbox.http.date import DateHeader
from sandbox.http.response_writer import JOINED_BYTES, ResponseWriter
from tests.http.harness import PATIENCE_SECONDS, App, connection, exchange, only, request, responses

Headers = list[tuple[str, str]]


def answering(body: Iterable[bytes], *headers: tuple[str, str], status: str = "200 OK") -> App:
    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, list(headers))
        return body

    return app


def pieces(*parts: bytes) -> Iterator[bytes]:
    yield from parts


def test_status_headers_and_date_are_sent() -> None:
    response = only(exchange(answering([b"ok"], ("X-A", "b")), request("GET", "/")))
    assert response.headers == {
        "date": "Sun, 06 Nov 1994 08:49:37 GMT",
        "x-a": "b",
        "content-length": "2",
    }


@pytest.mark.parametrize("length", [0, 1, JOINED_BYTES, JOINED_BYTES + 1, 5_000_000])
def test_a_whole_body_of_any_length_arrives(length: int) -> None:
    served, client = connection(answering([b"x" * length]))
    with client:
        client.sendall(request("GET", "/", "Connection: close").encode())
        gevent.spawn(served.serve)
        with gevent.Timeout(PATIENCE_SECONDS):
            received = everything(client)
    assert only(received).body == b"x" * length


def everything(client: socket.socket) -> bytes:
    """Return all data up to the end, while the server runs in another greenlet."""
    client.settimeout(0)
    received = b""
    while True:
        gevent.sleep(0)
        try:
            piece = client.recv(1_000_000)
        except BlockingIOError:
            continue
        if not piece:
            return received
        received += piece


def test_the_head_and_a_short_body_are_sent_together() -> None:
    sent: list[bytes] = []

    class Client:
        def sendall(self, data: bytes) -> None:
            sent.append(data)

    response = ResponseWriter(Client(), DateHeader(lambda: 0), lambda: True, 1, is_head=False)  # type: ignore[arg-type]
    response.start("200 OK", [])
    response.send([b"body"])
    assert len(sent) == 1
    assert response.keeps_alive


def test_a_body_of_unknown_length_is_sent_in_chunks() -> None:
    received = exchange(answering(pieces(b"abc", b"", b"defgh")), request("GET", "/")).lower()
    assert b"transfer-encoding: chunked" in received
    assert received.endswith(b"\r\n\r\n3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n")
    app = answering((b"abc", b"defgh"))
    found = responses(exchange(app, request("GET", "/1") + request("GET", "/2")))
    assert [response.body for response in found] == [b"abcdefgh"] * 2


def test_others_run_between_the_pieces_of_a_long_body() -> None:
    turns: list[str] = []

    def long() -> Iterator[bytes]:
        for _ in range(3):
            turns.append("piece")
            yield b"x" * (JOINED_BYTES + 1)

    def other() -> None:
        while len(turns) < 6:
            turns.append("other")
            gevent.sleep(1e-9)

    gevent.spawn(other)
    served, client = connection(answering(long()))
    with client:
        client.sendall(request("GET", "/", "Connection: close").encode())
        gevent.spawn(served.serve)
        with gevent.Timeout(PATIENCE_SECONDS):
            received = everything(client)
    assert len(only(received).body) == 3 * (JOINED_BYTES + 1)
    first = turns.index("piece")
    assert "other" in turns[first : turns.index("piece", first + 1)]


def test_a_body_of_unknown_length_ends_with_an_http_1_0_connection() -> None:
    sent = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    response = only(exchange(answering(pieces(b"abc", b"de")), sent))
    assert response.body == b"abcde"
    assert response.headers["connection"] == "close"


def test_a_body_with_a_length_may_be_sent_in_pieces() -> None:
    app = answering((b"abc", b"de"), ("Content-Length", "5"))
    found = responses(exchange(app, request("GET", "/1") + request("GET", "/2")))
    assert [response.body for response in found] == [b"abcde"] * 2


@pytest.mark.parametrize("body", [[b"abcdef"], (b"abc", b"def")])
def test_a_body_is_cut_at_its_content_length(body: Iterable[bytes]) -> None:
    response = only(exchange(answering(body, ("Content-Length", "4")), request("GET", "/")))
    assert response.body == b"abcd"


@pytest.mark.parametrize("body", [[b"abc"], (b"a", b"bc")])
def test_a_body_shorter_than_its_content_length_closes_the_connection(body: Iterable[bytes]) -> None:
    received = exchange(answering(body, ("Content-Length", "4")), request("GET", "/1") + request("GET", "/2"))
    assert received.endswith(b"\r\n\r\nabc")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_a_body_have_none(status: str) -> None:
    app = answering([b"body"], ("Content-Length", "4"), status=status)
    received = exchange(app, request("GET", "/1") + request("GET", "/2"))
    assert received.count(b"HTTP/1.1 ") == 2
    assert b"body" not in received


@pytest.mark.parametrize("body", [[b""], [b"abc"], (b"a", b"bc"), ()])
def test_head_sends_no_body_and_keeps_the_length(body: Iterable[bytes]) -> None:
    app = answering(body, ("Content-Length", "3"))
    found = responses(exchange(app, request("HEAD", "/1") + request("HEAD", "/2")), to="HEAD")
    assert [response.headers["content-length"] for response in found] == ["3", "3"]


def test_connection_headers_are_set_by_the_server() -> None:
    app = answering([b"ok"], ("Transfer-Encoding", "gzip"), ("Connection", "x-own"))
    response = only(exchange(app, request("GET", "/")))
    assert set(response.headers) == {"date", "content-length"}


@pytest.mark.parametrize("value", ["a\r\nX-Smuggled: b", "a\nb", "a\rb"])
def test_a_line_break_in_a_header_is_an_internal_error(value: str) -> None:
    response = only(exchange(answering([b"ok"], ("X-A", value)), request("GET", "/")))
    assert response.status == 500
    assert "x-smuggled" not in response.headers


def test_a_missing_start_response_is_an_internal_error() -> None:
    assert only(exchange(lambda _environ, _start: [b"ok"], request("GET", "/"))).status == 500


def test_start_response_may_be_called_again_only_with_exc_info() -> None:
    def twice(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        start_response("201 Created", [])
        return [b""]

    def with_error(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        error = ValueError("a defect")
        start_response("503 Service Unavailable", [], (ValueError, error, None))
        return [b"sorry"]

    assert only(exchange(twice, request("GET", "/"))).status == 500
    assert only(exchange(with_error, request("GET", "/"))).status == 503


def test_written_data_precedes_the_returned_body() -> None:
    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"ab")
        return [b"cd"]

    assert only(exchange(app, request("GET", "/"))).body == b"abcd"
