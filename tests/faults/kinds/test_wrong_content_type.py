"""Answers that say they are something else."""

import pytest

from tests.faults.harness import COLLECTION, ITEM, Harness


@pytest.mark.parametrize("url", [COLLECTION, ITEM, COLLECTION + "/nope", "/v1/nothing"])
def test_the_right_answer_is_called_html(url: str) -> None:
    right = Harness().call(url=url)
    bench = Harness()
    bench.fails("wrong_content_type")
    answer = bench.call(url=url)
    assert answer.status_code == right.status_code
    assert answer.headers.getlist("Content-Type") == ["text/html; charset=utf-8"]
    assert answer.headers.getlist("Content-Length") == [str(len(right.data))]
    assert answer.data == right.data


def test_a_create_shows_what_would_have_been_made_and_makes_nothing() -> None:
    bench = Harness()
    rule = bench.fails("wrong_content_type")
    before = bench.ids()
    answer = bench.create()
    assert answer.status_code == 201
    assert bench.ids() == before
    bench.call("DELETE", f"/__admin/faults/{rule}")
    assert bench.create().data == answer.data


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("DELETE", 204)])
def test_an_answer_that_has_no_body_gets_none(method: str, status: int) -> None:
    bench = Harness()
    bench.fails("wrong_content_type")
    outcome = bench.served(method, ITEM)
    assert outcome.status[:3] == str(status)
    assert outcome.body == b""


def test_head_says_the_length_that_get_would_have() -> None:
    bench = Harness()
    bench.fails("wrong_content_type")
    assert bench.served("HEAD", ITEM).header("Content-Length") == str(len(Harness().call(url=ITEM).data))


def test_204_has_no_length() -> None:
    bench = Harness()
    bench.fails("wrong_content_type")
    assert bench.served("DELETE", ITEM).header("Content-Length") is None


def test_an_error_behind_head_has_no_body_either() -> None:
    outcome = Harness().served("HEAD", headers={"Prefer": "code=503, fault=wrong_content_type"})
    assert outcome.status[:3] == "503"
    assert outcome.body == b""
