"""The answer on its way out."""

from typing import Any

import pytest

from sandbox.edge.answer import Answer
from sandbox.problems import Problem, unauthorized


class Sent:
    """What a server was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[tuple[str, str]], Any]] = []

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.calls.append((status, headers, exc_info))
        return "write"

    def answer(self, *, sends_body: bool = True) -> Answer:
        return Answer(self, "r-1", sends_body=sends_body)


def test_an_answer_carries_the_request_id_and_what_was_added_behind_its_own_headers() -> None:
    sent = Sent()
    answer = sent.answer()
    answer.add([("X-One", "1")])
    answer.add([("X-Two", "2")])
    own = [("Content-Type", "text/plain")]
    assert answer("200 OK", own) == "write"
    expected = [("Content-Type", "text/plain"), ("X-Request-Id", "r-1"), ("X-One", "1"), ("X-Two", "2")]
    assert sent.calls == [("200 OK", expected, None)]
    assert own == [("Content-Type", "text/plain")]


def test_an_answer_knows_its_status_once_it_was_sent() -> None:
    answer = Sent().answer()
    assert answer.status is None
    answer("204 No Content", [])
    assert answer.status == 204


def test_a_status_without_a_registered_phrase_is_one_too() -> None:
    answer = Sent().answer()
    list(answer.refuse(Problem(599, "a")))
    assert answer.status == 599


def test_what_went_wrong_while_sending_is_handed_on() -> None:
    sent = Sent()
    error = ValueError()
    exc_info = (ValueError, error, error.__traceback__)
    sent.answer()("500 Internal Server Error", [], exc_info)  # type: ignore[arg-type]  # never raised
    assert sent.calls[0][2] is exc_info


def test_a_refusal_is_the_problem_whole_with_its_headers() -> None:
    sent = Sent()
    answer = sent.answer()
    answer.add([("X-One", "1")])
    problem = unauthorized()
    assert list(answer.refuse(problem)) == [problem.body]
    ((status, headers, _),) = sent.calls
    assert status == "401 Unauthorized"
    assert dict(headers) == {
        "Content-Type": "application/json",
        "Content-Length": str(len(problem.body)),
        "WWW-Authenticate": "Bearer",
        "X-Request-Id": "r-1",
        "X-One": "1",
    }
    assert answer.status == 401


def test_a_refused_head_request_has_the_headers_alone() -> None:
    sent = Sent()
    problem = Problem(400, "a")
    assert list(sent.answer(sends_body=False).refuse(problem)) == []
    assert dict(sent.calls[0][1])["Content-Length"] == str(len(problem.body))


@pytest.mark.parametrize("sends_body", [True, False])
def test_an_empty_answer_has_no_body_and_no_type(sends_body: bool) -> None:
    sent = Sent()
    answer = sent.answer(sends_body=sends_body)
    assert list(answer.empty([("Allow", "GET")])) == []
    assert sent.calls == [("204 No Content", [("Allow", "GET"), ("X-Request-Id", "r-1")], None)]
    assert answer.status == 204
