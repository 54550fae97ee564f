"""Parsing headers, and remembering them."""

import pytest

from sandbox.http.headers import (
    MAX_CACHED,
    MAX_CACHED_BYTES,
    HeaderParser,
    Headers,
    check_host,
    has_token,
    sent_origin,
)
from sandbox.problems import Problem

HOST = b"Host: a.example\r\n"


def parse(block: bytes, minor: int = 1) -> Headers:
    return HeaderParser(max_headers=10).parse(HOST + block + b"\r\n", minor)


def test_headers_become_keys() -> None:
    found = parse(b"X-One: a \t\r\ncontent-type: b\r\nContent-Length: 1\r\nX-Latin: \xe9\r\n").environ
    assert found == {
        "HTTP_HOST": "a.example",
        "HTTP_X_ONE": "a",
        "CONTENT_TYPE": "b",
        "CONTENT_LENGTH": "1",
        "HTTP_X_LATIN": "\xe9",
    }


def test_repeated_headers_are_joined() -> None:
    found = parse(b"Accept: a\r\naccept: b\r\nCookie: c=d\r\nCookie: e=f\r\n").environ
    assert (found["HTTP_ACCEPT"], found["HTTP_COOKIE"]) == ("a,b", "c=d; e=f")


@pytest.mark.parametrize("name", [b"Content-Type", b"Idempotency-Key", b"Host"])
def test_a_header_that_may_be_sent_once_is_refused_twice(name: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse(name + b": 1\r\n" + name + b": 1\r\n")
    assert refused.value.status == 400
    assert refused.value.message == f"The header {name.decode()} is repeated; send it once."


def test_two_lengths_are_unreadable() -> None:
    with pytest.raises(Problem, match="can be read: Content-Length is repeated"):
        parse(b"Content-Length: 1\r\nContent-Length: 1\r\n")


def test_a_name_with_an_underscore_is_dropped() -> None:
    assert set(parse(b"SCRIPT_NAME: /v1\r\nX_Own: a\r\n").environ) == {"HTTP_HOST"}


@pytest.mark.parametrize(
    ("block", "minor", "status"),
    [
        (b"Host: b\r\n", 1, 400),
        (b"Host : b\r\n", 1, 400),
        (b"A: b\r\n c\r\n", 1, 400),
        (b"X_Request_Id: a\r\n", 1, 400),
        (b"Accept: a\r\nAccept_: a\r\n" * 6, 1, 431),
        (b"Transfer-Encoding: gzip\r\n", 1, 501),
        (b"Transfer-Encoding: chunked\r\n", 0, 400),
    ],
)
def test_refused_headers(block: bytes, minor: int, status: int) -> None:
    with pytest.raises(Problem) as refused:
        parse(block, minor)
    assert refused.value.status == status


def test_http_1_1_needs_a_host_and_http_1_0_does_not() -> None:
    parser = HeaderParser(max_headers=10)
    assert parser.parse(b"\r\n", 0).environ == {}
    with pytest.raises(Problem):
        parser.parse(b"\r\n", 1)


def test_a_request_to_upgrade_is_an_ordinary_request() -> None:
    assert parse(b"Connection: upgrade\r\nUpgrade: h2c\r\n").environ["HTTP_UPGRADE"] == "h2c"


def test_equal_headers_are_parsed_once_for_each_version() -> None:
    parser = HeaderParser(max_headers=10)
    block = HOST + b"\r\n"
    assert parser.parse(block, 1) is parser.parse(bytes(bytearray(block)), 1)
    assert parser.parse(block, 1).keeps_alive
    assert not parser.parse(block, 0).keeps_alive


def test_a_refused_block_is_refused_again() -> None:
    parser = HeaderParser(max_headers=10)
    for _ in range(2):
        with pytest.raises(Problem):
            parser.parse(HOST * 2 + b"\r\n", 1)
    assert parser.parse(HOST + b"\r\n", 1).environ


def test_a_long_block_is_not_remembered() -> None:
    parser = HeaderParser(max_headers=10)
    start, end = HOST + b"A: ", b"\r\n\r\n"
    longest = start + b"a" * (MAX_CACHED_BYTES - len(start) - len(end)) + end
    assert parser.parse(longest, 1) is parser.parse(longest, 1)
    longer = longest.replace(b"a: ", b"aa: ").replace(b"A: ", b"A: b")
    assert len(longer) == MAX_CACHED_BYTES + 1
    assert parser.parse(longer, 1) is not parser.parse(longer, 1)


def test_the_number_of_remembered_blocks_is_limited() -> None:
    parser = HeaderParser(max_headers=10)
    first = parser.parse(HOST + b"\r\n", 1)
    for number in range(MAX_CACHED):
        parser.parse(HOST + b"A: %d\r\n\r\n" % number, 1)
    assert parser.parse(HOST + b"\r\n", 1) is not first


@pytest.mark.parametrize(
    "host",
    ["a", "a.example:80", "a_b.example", "127.0.0.1:0", "127.0.0.1:65535", "[::1]", "[::1]:80", "a.example."],
)
def test_valid_hosts(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize(
    "host",
    ["", ":80", "a:b", "a:65536", "[::1", "[]", "[1.2.3.4]", "a b", "a/b", "a,b", "me@a", "a:80:90", "é"],
)
def test_invalid_hosts_are_refused(host: str) -> None:
    with pytest.raises(Problem) as refused:
        check_host(host)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        (b"Origin: http://a.example\r\n", "http://a.example"),
        (b"oRIGIN:null \t\r\n", "null"),
        (b"X-Origin: http://a.example\r\n", None),
        (b"Origin: http://a.example\r\nOrigin: http://b.example\r\n", None),
        (b"Origin:\r\n", None),
        (b"Origin: a b\r\n", None),
        (b"Origin: a\xff\r\n", None),
        (b"Origin: a\rX: b\r\n", None),
        (b"Origin: a\n", None),
        (b"", None),
    ],
)
def test_origin_of_a_head_is_known_if_it_is_sent_once(headers: bytes, origin: str | None) -> None:
    assert sent_origin(b"GET / HTTP/1.1\r\n" + headers + b"\r\n") == origin


@pytest.mark.parametrize(
    ("header", "found"),
    [("close", True), ("A , CLOSE", True), ("closed", False), ("", False), ("a,,b", False)],
)
def test_a_token_in_a_list(header: str, found: bool) -> None:
    assert has_token(header, "close") == found


@pytest.mark.parametrize(
    ("minor", "connection", "stays"),
    [
        (1, b"", True),
        (1, b"Connection: close\r\n", False),
        (0, b"", False),
        (0, b"Connection: Keep-Alive\r\n", True),
        (0, b"Connection: keep-alive, close\r\n", False),
    ],
)
def test_keep_alive_depends_on_version_and_header(minor: int, connection: bytes, stays: bool) -> None:
    assert parse(connection, minor).keeps_alive == stays
