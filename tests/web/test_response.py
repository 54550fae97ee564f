"""The HTTP response as a value."""

import json
from typing import Any

import pytest

from sandbox.problems import Problem
from sandbox.web.response import Response, json_response, json_stream, no_content, problem_response


def test_json_response_has_no_charset() -> None:
    response = json_response(b"{}")
    assert response.status == "200 OK"
    assert response.headers == [("Content-Type", "application/json"), ("Content-Length", "2")]
    assert response.body == b"{}"


def test_json_stream_makes_its_pieces_when_they_are_sent() -> None:
    pieces = iter([b"{", b"}"])
    response = json_stream(pieces)
    assert response.status == "200 OK"
    assert response.headers == [("Content-Type", "application/json")]
    assert response.pieces is pieces


def test_no_content_has_no_body_and_no_content_type() -> None:
    response = no_content()
    assert response.status == "204 No Content"
    assert response.body == b""
    assert response.headers == []


def test_problem_response_has_the_headers_of_the_problem() -> None:
    response = problem_response(Problem(429, "Slow down.", [("Retry-After", "3"), ("X-Two", "2")]))
    assert response.status == "429 Too Many Requests"
    assert response.headers == [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(response.body))),
        ("Retry-After", "3"),
        ("X-Two", "2"),
    ]
    assert json.loads(response.body)["message"] == "Slow down."


@pytest.mark.parametrize(("method", "body"), [("GET", b"{}"), ("POST", b"{}"), ("HEAD", b"")])
def test_response_is_a_wsgi_application_and_sends_no_body_for_head(method: str, body: bytes) -> None:
    started: list[tuple[Any, ...]] = []

    def start_response(*args: Any) -> Any:
        started.append(args)

    sent = json_response(b"{}")({"REQUEST_METHOD": method}, start_response)
    assert b"".join(sent) == body
    assert started == [("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])]


@pytest.mark.parametrize(("method", "body"), [("GET", b"{}"), ("HEAD", b"")])
def test_streamed_response_is_a_wsgi_application_too(method: str, body: bytes) -> None:
    started: list[tuple[Any, ...]] = []

    def start_response(*args: Any) -> Any:
        started.append(args)

    assert b"".join(json_stream(iter([b"{", b"}"]))({"REQUEST_METHOD": method}, start_response)) == body
    assert started == [("200 OK", [("Content-Type", "application/json")])]


def test_headers_are_removed_in_any_case_and_added_at_the_end() -> None:
    response = Response("200 OK", [("content-TYPE", "a"), ("X-One", "1")], b"abc")
    assert response.without_header("content-type").headers == [("X-One", "1")]
    assert response.with_header("X-Two", "2").headers[1:] == [("X-One", "1"), ("X-Two", "2")]
    assert response.headers == [("content-TYPE", "a"), ("X-One", "1")]


def test_with_body_replaces_the_body() -> None:
    response = Response("200 OK", [], b"abc")
    assert response.with_body(b"d") == Response("200 OK", [], b"d")
    assert response.body == b"abc"
