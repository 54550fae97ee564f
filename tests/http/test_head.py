"""Parsing heads, complete and incomplete."""

import pytest

from sandbox.http.head import HeadParser, without_empty_lines
from sandbox.http.limits import Limits
from sandbox.problems import Problem

GET = b"GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"


def test_the_parts_of_a_head() -> None:
    head = HeadParser(Limits()).parse(GET)
    assert head == ("GET", "/a?b", 1, [(b"Host", b"a"), (b"X", b"y")])
    assert HeadParser(Limits()).parse(GET.replace(b"1.1", b"1.0")).minor == 0


def test_one_parser_parses_many_heads() -> None:
    parser = HeadParser(Limits())
    first = parser.parse(GET)
    assert parser.parse(GET) == first
    parser.parse(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    parser.restart()
    assert parser.parse(GET) == first
    parser.parse(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert parser.parse(GET) == first


def test_a_parser_can_be_used_after_a_refused_head() -> None:
    parser = HeadParser(Limits())
    with pytest.raises(Problem):
        parser.parse(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")
    assert parser.parse(GET).target == "/a?b"


@pytest.mark.parametrize("beginning", [b"G", b"GET", b"GET ", GET[:-1], GET[:-2], b"GET / HTTP/1.1\r"])
def test_a_valid_beginning_is_accepted(beginning: bytes) -> None:
    for checked in range(len(beginning)):
        HeadParser(Limits()).check_beginning(beginning, checked)


@pytest.mark.parametrize(
    "beginning", [b"\x16\x03\x01", b"@", b" GET", b"GET / HTTP/1.1\nHost", b"GET\0", b"GET / HTTP/1.1\rH"]
)
def test_an_invalid_beginning_is_refused(beginning: bytes) -> None:
    with pytest.raises(Problem) as refused:
        HeadParser(Limits()).check_beginning(beginning, 0)
    assert refused.value.status == 400


def test_a_long_beginning_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        HeadParser(Limits(max_request_line_bytes=64)).check_beginning(b"G" * 65, 0)
    assert refused.value.status == 414
    with pytest.raises(Problem) as refused:
        HeadParser(Limits(max_header_bytes=64)).check_beginning(b"GET / HTTP/1.1\r\n" + b"X" * 70, 0)
    assert refused.value.status == 431


@pytest.mark.parametrize(
    ("data", "left"), [(b"\r\nGET", b"GET"), (b"\r\n\r\n", b""), (b"\r", b"\r"), (b"\r\n\r", b"\r")]
)
def test_empty_lines_are_removed(data: bytes, left: bytes) -> None:
    assert without_empty_lines(data) == left
