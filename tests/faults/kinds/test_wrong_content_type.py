"""Responses with the wrong content type."""

import pytest

from tests.faults.harness import COLLECTION, ITEM, Harness


@pytest.mark.parametrize("url", [COLLECTION, ITEM, COLLECTION + "/nope", "/v1/nothing"])
def test_the_right_response_has_the_type_html(url: str) -> None:
    right = Harness().call(url=url)
    bench = Harness()
    bench.fails("wrong_content_type")
    answer = bench.call(url=url)
    assert answer.status_code == right.status_code
    assert answer.headers.getlist("Content-Type") == ["text/html; charset=utf-8"]
    assert answer.headers.getlist("Content-Length") == [str(len(right.data))]
    assert answer.data == right.data


def test_a_create_shows_its_result_and_has_no_effect() -> None:
    bench = Harness()
    rule = bench.fails("wrong_content_type")
    before = bench.ids()
    answer = bench.create()
    assert answer.status_code == 201
    assert bench.ids() == before
    bench.call("DELETE", f"/__admin/faults/{rule}")
    assert bench.create().data == answer.data


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("DELETE", 204)])
def test_a_response_without_a_body_gets_none(method: str, status: int) -> None:
    bench = Harness()
    bench.fails("wrong_content_type")
    outcome = bench.served(method, ITEM)
    assert outcome.status[:3] == str(status)
    assert outcome.body == b""


def test_head_has_the_length_of_get() -> None:
    bench = Harness()
    bench.fails("wrong_content_type")
    assert bench.served("HEAD", ITEM).header("Content-Length") == str(len(Harness().call(url=ITEM).data))


def test_204_has_no_length() -> None:
    bench = Harness()
    bench.fails("wrong_content_type")
    assert bench.served("DELETE", ITEM).header("Content-Length") is None


def test_an_error_for_head_has_no_body_either() -> None:
    outcome = Harness().served("HEAD", headers={"Prefer": "code=503, fault=wrong_content_type"})
    assert outcome.status[:3] == "503"
    assert outcome.body == b""
