"""Building the WSGI environment from a head."""

from typing import Any

import pytest

from sandbox.http.environ import check_host, environ_of, has_token, is_kept_alive
from sandbox.http.head import Head
from sandbox.problems import Problem

BASE: dict[str, Any] = {"SERVER_NAME": "127.0.0.1"}


def environ(*headers: tuple[bytes, bytes], target: str = "/", minor: int = 1) -> dict[str, Any]:
    return environ_of(BASE, Head("GET", target, minor, [(b"Host", b"a.example"), *headers]))


def test_headers_become_keys() -> None:
    found = environ(
        (b"X-One", b"a \t"), (b"content-type", b"b"), (b"Content-Length", b"1"), (b"X-Latin", b"\xe9")
    )
    assert found["HTTP_X_ONE"] == "a"
    assert (found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("b", "1")
    assert found["HTTP_X_LATIN"] == "\xe9"
    assert found["SERVER_NAME"] == "127.0.0.1"
    assert found["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert set(BASE) == {"SERVER_NAME"}


def test_repeated_headers_are_joined() -> None:
    found = environ((b"Accept", b"a"), (b"accept", b"b"), (b"Cookie", b"c=d"), (b"Cookie", b"e=f"))
    assert (found["HTTP_ACCEPT"], found["HTTP_COOKIE"]) == ("a,b", "c=d; e=f")


def test_a_name_with_an_underscore_is_dropped() -> None:
    found = environ((b"SCRIPT_NAME", b"/v1"), (b"X_Own", b"a"))
    assert not {"SCRIPT_NAME", "HTTP_SCRIPT_NAME", "HTTP_X_OWN"} & set(found)


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


def test_http_1_0_needs_no_host() -> None:
    assert environ_of(BASE, Head("GET", "/", 0, []))["SERVER_PROTOCOL"] == "HTTP/1.0"


@pytest.mark.parametrize(
    ("header", "found"),
    [("close", True), ("A , CLOSE", True), ("closed", False), ("", False), ("a,,b", False)],
)
def test_a_token_in_a_list(header: str, found: bool) -> None:
    assert has_token(header, "close") == found


@pytest.mark.parametrize(
    ("minor", "connection", "stays"),
    [
        (1, None, True),
        (1, b"close", False),
        (0, None, False),
        (0, b"Keep-Alive", True),
        (0, b"keep-alive, close", False),
    ],
)
def test_keep_alive_depends_on_version_and_header(minor: int, connection: bytes | None, stays: bool) -> None:
    headers = [] if connection is None else [(b"Connection", connection)]
    assert is_kept_alive(environ(*headers, minor=minor)) == stays
