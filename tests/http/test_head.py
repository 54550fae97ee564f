"""Request lines, and heads that are not complete yet."""

import pytest

from sandbox.http.head import check_beginning, parse_line, without_empty_lines
from sandbox.http.limits import Limits
from sandbox.problems import Problem

GET = b"GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"


def test_the_parts_of_a_request_line() -> None:
    line = parse_line(GET, Limits())
    assert line == ("GET", "/a?b", 1, len(b"GET /a?b HTTP/1.1\r\n"))
    assert parse_line(GET.replace(b"1.1", b"1.0"), Limits()).minor == 0


@pytest.mark.parametrize(
    "line",
    [
        b"GET /",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/2.0",
        b"GET /\x7f HTTP/1.1",
        b"G@T / HTTP/1.1",
        b"GET /#a HTTP/1.1",
    ],
)
def test_an_invalid_request_line_is_refused(line: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse_line(line + b"\r\nHost: a\r\n\r\n", Limits())
    assert refused.value.status == 400


@pytest.mark.parametrize("beginning", [b"G", b"GET", b"GET ", GET[:-1], GET[:-2], b"GET / HTTP/1.1\r"])
def test_a_valid_beginning_is_accepted(beginning: bytes) -> None:
    for checked in range(len(beginning)):
        check_beginning(beginning, checked, Limits())


@pytest.mark.parametrize(
    "beginning", [b"\x16\x03\x01", b"@", b" GET", b"GET / HTTP/1.1\nHost", b"GET\0", b"GET / HTTP/1.1\rH"]
)
def test_an_invalid_beginning_is_refused(beginning: bytes) -> None:
    with pytest.raises(Problem) as refused:
        check_beginning(beginning, 0, Limits())
    assert refused.value.status == 400


def test_a_long_beginning_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        check_beginning(b"G" * 65, 0, Limits(max_request_line_bytes=64))
    assert refused.value.status == 414
    with pytest.raises(Problem) as refused:
        check_beginning(b"GET / HTTP/1.1\r\n" + b"X" * 70, 0, Limits(max_header_bytes=64))
    assert refused.value.status == 431


@pytest.mark.parametrize(
    ("data", "left"), [(b"\r\nGET", b"GET"), (b"\r\n\r\n", b""), (b"\r", b"\r"), (b"\r\n\r", b"\r")]
)
def test_empty_lines_are_removed(data: bytes, left: bytes) -> None:
    assert without_empty_lines(data) == left
