"""Malformed HTTP requests: they get an error in the documented shape and write nothing."""

import pytest

from tests.live.server import Server, wait_until
from tests.live.wire import CREATE, Wire, assert_error, create, list_conversations, request

DOCUMENTED_AT = 692233200
"""Creation time of the newest conversation in the scenario ``default``."""
FORM = "Content-Type: application/x-www-form-urlencoded"

MALFORMED_REQUESTS = [
    ("no request line", "hello\r\n\r\n", 400),
    ("no version", "GET /v1/conversations\r\n\r\n", 400),
    ("another version", "GET / HTTP/9.9\r\n\r\n", 400),
    ("a method that is none", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a header without a colon", "GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n", 400),
    ("a space in a header name", "GET / HTTP/1.1\r\nHo st: a\r\n\r\n", 400),
    (
        "a length that is no number",
        "POST /v1/conversations HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        400,
    ),
    ("a negative length", "POST /v1/conversations HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    (
        "two lengths",
        "POST /v1/conversations HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        400,
    ),
    (
        "a length and chunks",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "an unknown transfer coding",
        "POST /v1/conversations HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: snail\r\n\r\n",
        501,
    ),
    ("an endless request line", f"GET /{'a' * 9_000} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    ("an endless header", f"GET / HTTP/1.1\r\nHost: a\r\nX-Long: {'a' * 9_000}\r\n\r\n", 431),
    ("too many headers", "GET / HTTP/1.1\r\n" + "X-Many: a\r\n" * 200 + "\r\n", 431),
    ("a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
]


@pytest.mark.parametrize(
    ("text", "status"), [row[1:] for row in MALFORMED_REQUESTS], ids=[row[0] for row in MALFORMED_REQUESTS]
)
def test_malformed_request_gets_an_error_and_closes_the_connection(
    server: Server, text: str, status: int
) -> None:
    with Wire(server) as wire:
        wire.send(text)
        answer = wire.read_response()
        assert_error(answer, status)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert wire.is_closed()


BROKEN_CHUNKS = {
    "a size that is no number": "zz\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": "1\r\n{}extra\r\n0\r\n\r\n",
    "an end that never comes": f"{len(CREATE):x}\r\n{CREATE}\r\n",
    "a chunk cut short": f"{len(CREATE) + 10:x}\r\n{CREATE}",
}


@pytest.mark.parametrize("chunks", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS.keys())
def test_malformed_chunk_is_refused_and_writes_nothing(server: Server, token: str, chunks: str) -> None:
    before = list_conversations(server, token)
    with Wire(server) as wire:
        wire.send(create(token, "Transfer-Encoding: chunked", body=chunks, length=-1))
        wire.send_eof()
        assert_error(wire.read_response(), 400)
        assert wire.is_closed()
    assert list_conversations(server, token) == before


@pytest.mark.parametrize("content_type", ["Content-Type: application/json", FORM])
def test_incomplete_body_writes_nothing(server: Server, token: str, content_type: str) -> None:
    before = list_conversations(server, token)
    text = "contact_id=WAz8eIbvDR60rouK" if content_type == FORM else CREATE
    with Wire(server) as wire:
        wire.send(
            request(
                "POST",
                "/v1/conversations",
                token,
                content_type,
                f"Content-Length: {len(text) + 20}",
                body=text,  # a complete document, but shorter than Content-Length
            )
        )
        wire.send_eof()
        assert_error(wire.read_response(), 400)
        assert wire.is_closed()
    assert list_conversations(server, token) == before


def test_incomplete_head_closes_the_connection(server: Server, token: str) -> None:
    before = list_conversations(server, token)
    with Wire(server) as wire:
        wire.send(create(token)[:60])
        wire.send_eof()
        assert wire.is_closed()
    assert list_conversations(server, token) == before


def test_clients_that_disconnect_early_do_not_affect_others(server: Server, token: str) -> None:
    for _ in range(20):
        with Wire(server) as wire:
            wire.send(create(token))
    wait_until(
        lambda: (
            [
                conversation["created_at"] > DOCUMENTED_AT
                for conversation in list_conversations(server, token)
            ].count(True)
            == 20
        )
    )
    with Wire(server) as wire:
        wire.send(request("GET", "/v1/conversations?limit=1", token))
        assert wire.read_response().status == 200


def test_malformed_requests_are_not_logged(server: Server) -> None:
    assert server.log == ""
