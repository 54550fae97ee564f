"""Building the WSGI environment from a request line and headers."""

from typing import Any

import pytest

from sandbox.edge.sent_headers import sent_headers
from sandbox.http.environ import environ_of
from sandbox.http.head import RequestLine
from sandbox.http.headers import Headers
from sandbox.problems import Problem

BASE: dict[str, Any] = {"SERVER_NAME": "127.0.0.1"}
HEADERS = Headers({"HTTP_HOST": "a.example", "HTTP_X_ONE": "1"}, keeps_alive=True)


def environ(target: str = "/", method: str = "GET", minor: int = 1) -> dict[str, Any]:
    return environ_of(BASE, RequestLine(method, target, minor, 0), HEADERS)


def test_it_has_the_keys_of_the_connection_the_line_and_the_headers() -> None:
    found = environ("/a%20b?c=d", "PUT")
    assert found["SERVER_NAME"] == "127.0.0.1"
    assert (found["REQUEST_METHOD"], found["RAW_URI"]) == ("PUT", "/a%20b?c=d")
    assert (found["PATH_INFO"], found["QUERY_STRING"]) == ("/a b", "c=d")
    assert (found["HTTP_HOST"], found["HTTP_X_ONE"]) == ("a.example", "1")
    assert sent_headers(found) is HEADERS


def test_parts_shared_by_requests_are_not_changed() -> None:
    environ("http://b.example/")["HTTP_X_ONE"] = "2"
    assert BASE == {"SERVER_NAME": "127.0.0.1"}
    assert HEADERS.environ == {"HTTP_HOST": "a.example", "HTTP_X_ONE": "1"}


@pytest.mark.parametrize(("minor", "protocol"), [(1, "HTTP/1.1"), (0, "HTTP/1.0")])
def test_the_version(minor: int, protocol: str) -> None:
    assert environ(minor=minor)["SERVER_PROTOCOL"] == protocol


@pytest.mark.parametrize(
    ("target", "host", "path", "query"),
    [
        ("http://b.example/a?c", "b.example", "/a", "c"),
        ("HTTPS://b.example:80", "b.example:80", "/", ""),
        ("http://b.example?c", "b.example", "/", "c"),
    ],
)
def test_the_authority_of_an_absolute_target_overrides_the_host(
    target: str, host: str, path: str, query: str
) -> None:
    found = environ(target)
    assert (found["HTTP_HOST"], found["PATH_INFO"], found["QUERY_STRING"]) == (host, path, query)


@pytest.mark.parametrize(
    "target", ["a", "*", "a.example:80", "ftp://a/", "http://", "http://a b/", "http://me@a/"]
)
def test_other_targets_are_refused(target: str) -> None:
    with pytest.raises(Problem) as refused:
        environ(target)
    assert refused.value.status == 400


def test_options_may_have_an_asterisk() -> None:
    assert environ("*", "OPTIONS")["PATH_INFO"] == "*"
