"""Sending of responses with the headers that all of them have."""

from typing import Any

import pytest

from sandbox.edge.responder import Responder
from sandbox.problems import Problem, unauthorized


class RecordingServer:
    """A WSGI ``start_response`` that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[tuple[str, str]], Any]] = []

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.calls.append((status, headers, exc_info))
        return None

    def responder(self, method: str = "GET") -> Responder:
        return Responder({"REQUEST_METHOD": method}, self, "r-1")


def test_request_id_and_added_headers_follow_those_of_the_response() -> None:
    server = RecordingServer()
    responder = server.responder()
    responder.add_headers([("X-One", "1")])
    responder.add_headers([("X-Two", "2")])
    own = [("Content-Type", "text/plain")]
    responder("200 OK", own)
    responder.start()
    expected = [("Content-Type", "text/plain"), ("X-Request-Id", "r-1"), ("X-One", "1"), ("X-Two", "2")]
    assert server.calls == [("200 OK", expected, None)]
    assert own == [("Content-Type", "text/plain")]


def test_nothing_is_started_before_it_may_be() -> None:
    server = RecordingServer()
    responder = server.responder()
    responder.start()
    responder("200 OK", [])
    assert server.calls == []
    responder.start()
    responder.start()
    assert [status for status, _, _ in server.calls] == ["200 OK"]


def test_response_that_is_made_anew_takes_the_place_of_the_first_one() -> None:
    server = RecordingServer()
    responder = server.responder()
    responder.add_headers([("X-Always", "1"), ("X-First", "1")])
    responder("200 OK", [])
    responder.begin_anew([("X-Always", "1")])
    assert responder.status is None
    responder.add_headers([("X-Second", "1")])
    responder("404 Not Found", [])
    responder.start()
    headers = [("X-Request-Id", "r-1"), ("X-Always", "1"), ("X-Second", "1")]
    assert server.calls == [("404 Not Found", headers, None)]


def test_body_cannot_be_written_before_the_response_may_start() -> None:
    server = RecordingServer()
    write = server.responder()("200 OK", [])
    with pytest.raises(NotImplementedError):
        write(b"body")
    assert server.calls == []


def test_status_is_known_after_sending() -> None:
    responder = RecordingServer().responder()
    assert responder.status is None
    responder("204 No Content", [])
    assert responder.status == 204


def test_status_without_a_registered_phrase_is_known() -> None:
    responder = RecordingServer().responder()
    list(responder.send_problem(Problem(599, "a")))
    assert responder.status == 599


def test_exc_info_is_passed_to_the_server() -> None:
    server = RecordingServer()
    error = ValueError()
    exc_info = (ValueError, error, error.__traceback__)
    responder = server.responder()
    responder("500 Internal Server Error", [], exc_info)  # type: ignore[arg-type]  # never raised
    responder.start()
    assert server.calls[0][2] is exc_info


def test_problem_is_sent_with_its_headers() -> None:
    server = RecordingServer()
    responder = server.responder()
    responder.add_headers([("X-One", "1")])
    problem = unauthorized()
    assert list(responder.send_problem(problem)) == [problem.body]
    responder.start()
    ((status, headers, _),) = server.calls
    assert status == "401 Unauthorized"
    assert dict(headers) == {
        "Content-Type": "application/json",
        "Content-Length": str(len(problem.body)),
        "WWW-Authenticate": "Bearer",
        "X-Request-Id": "r-1",
        "X-One": "1",
    }
    assert responder.status == 401


def test_problem_for_head_has_headers_and_no_body() -> None:
    server = RecordingServer()
    problem = Problem(400, "a")
    responder = server.responder("HEAD")
    assert list(responder.send_problem(problem)) == []
    responder.start()
    assert dict(server.calls[0][1])["Content-Length"] == str(len(problem.body))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_content_has_no_body_and_no_content_type(method: str) -> None:
    server = RecordingServer()
    responder = server.responder(method)
    assert list(responder.send_no_content([("Allow", "GET")])) == []
    responder.start()
    assert server.calls == [("204 No Content", [("Allow", "GET"), ("X-Request-Id", "r-1")], None)]
    assert responder.status == 204
