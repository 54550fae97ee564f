"""Errors that are sent without calling the application."""

import json

from sandbox.http import refusals
from tests.http.harness import only

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def test_a_refusal_is_a_complete_response_that_closes_the_connection() -> None:
    response = only(refusals.error_response(refusals.unreadable("it is empty"), {}, DATE))
    assert response.status == 400
    assert response.headers["connection"] == "close"
    assert response.headers["date"] == DATE
    assert list(json.loads(response.body)) == ["type", "message", "documentation_url"]
    assert response.headers["access-control-allow-origin"] == "*"


def test_refusals_have_a_unique_id_and_the_known_origin() -> None:
    environ = {"HTTP_ORIGIN": "http://a.example"}
    one, other = [only(refusals.error_response(refusals.head_timeout(1), environ, DATE)) for _ in range(2)]
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert one.headers["access-control-allow-origin"] == "http://a.example"


def test_a_refusal_of_head_has_no_body() -> None:
    assert refusals.error_response(refusals.evicted(), {}, DATE, sends_body=False).endswith(b"\r\n\r\n")


def test_refusals_have_their_statuses() -> None:
    said = {
        400: refusals.unreadable("x"),
        408: refusals.body_timeout(2),
        414: refusals.target_too_long(3),
        417: refusals.unknown_expectation(),
        431: refusals.headers_too_large(4),
        501: refusals.unknown_coding("gzip"),
        503: refusals.too_many_connections(5, "--max-connections"),
    }
    assert {status: problem.status for status, problem in said.items()} == {status: status for status in said}
    assert "--max-headers" in refusals.too_many_headers(6).message
