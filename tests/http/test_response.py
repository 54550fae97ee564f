"""An answer on its way: where it ends, and that it never says otherwise."""

import socket
from collections.abc import Iterable, Iterator
from typing import Any

import gevent
import pytest

from sandbox.http.date import DateHeader
from sandbox.http.response import JOINED_BYTES, Response
from tests.http.harness import PATIENCE_SECONDS, App, answers, connection, exchange, only, request

Headers = list[tuple[str, str]]


def answering(body: Iterable[bytes], *headers: tuple[str, str], status: str = "200 OK") -> App:
    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, list(headers))
        return body

    return app


def pieces(*parts: bytes) -> Iterator[bytes]:
    yield from parts


def test_status_headers_and_date_are_sent() -> None:
    answer = only(exchange(answering([b"ok"], ("X-A", "b")), request("GET", "/")))
    assert answer.headers == {
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
    """All that comes up to the end, while the server runs beside."""
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


def test_head_and_a_short_body_are_one_packet() -> None:
    sent: list[bytes] = []

    class Client:
        def sendall(self, data: bytes) -> None:
            sent.append(data)

    response = Response(Client(), DateHeader(lambda: 0), lambda: True, 1, is_head=False)  # type: ignore[arg-type]
    response.start("200 OK", [])
    response.send([b"body"])
    assert len(sent) == 1
    assert response.stays


def test_a_body_of_unknown_length_is_sent_in_chunks_and_the_connection_stays() -> None:
    received = exchange(answering(pieces(b"abc", b"", b"defgh")), request("GET", "/")).lower()
    assert b"transfer-encoding: chunked" in received
    assert received.endswith(b"\r\n\r\n3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n")
    app = answering((b"abc", b"defgh"))
    found = answers(exchange(app, request("GET", "/1") + request("GET", "/2")))
    assert [answer.body for answer in found] == [b"abcdefgh"] * 2


def test_http_1_0_gets_it_up_to_the_end_of_the_connection() -> None:
    sent = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    answer = only(exchange(answering(pieces(b"abc", b"de")), sent))
    assert answer.body == b"abcde"
    assert answer.headers["connection"] == "close"


def test_an_announced_body_may_come_in_pieces() -> None:
    app = answering((b"abc", b"de"), ("Content-Length", "5"))
    found = answers(exchange(app, request("GET", "/1") + request("GET", "/2")))
    assert [answer.body for answer in found] == [b"abcde"] * 2


@pytest.mark.parametrize("body", [[b"abcdef"], (b"abc", b"def")])
def test_nothing_is_sent_beyond_what_was_announced(body: Iterable[bytes]) -> None:
    answer = only(exchange(answering(body, ("Content-Length", "4")), request("GET", "/")))
    assert answer.body == b"abcd"


@pytest.mark.parametrize("body", [[b"abc"], (b"a", b"bc")])
def test_less_than_was_announced_ends_the_connection(body: Iterable[bytes]) -> None:
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
    found = answers(exchange(app, request("HEAD", "/1") + request("HEAD", "/2")), to="HEAD")
    assert [answer.headers["content-length"] for answer in found] == ["3", "3"]


def test_headers_of_the_connection_are_the_servers() -> None:
    app = answering([b"ok"], ("Transfer-Encoding", "gzip"), ("Connection", "x-own"))
    answer = only(exchange(app, request("GET", "/")))
    assert set(answer.headers) == {"date", "content-length"}


@pytest.mark.parametrize("value", ["a\r\nX-Smuggled: b", "a\nb", "a\rb"])
def test_a_line_break_in_a_header_is_a_defect_and_not_sent(value: str) -> None:
    answer = only(exchange(answering([b"ok"], ("X-A", value)), request("GET", "/")))
    assert answer.status == 500
    assert "x-smuggled" not in answer.headers


def test_an_application_that_forgets_start_response_is_a_defect() -> None:
    assert only(exchange(lambda _environ, _start: [b"ok"], request("GET", "/"))).status == 500


def test_start_response_may_be_called_again_with_an_error_alone() -> None:
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


def test_what_is_written_comes_before_what_is_returned() -> None:
    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"ab")
        return [b"cd"]

    assert only(exchange(app, request("GET", "/"))).body == b"abcd"
