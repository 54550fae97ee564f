"""Invalid JSON."""

import json

import pytest

from tests.faults.harness import COLLECTION, ITEM, Harness


@pytest.mark.parametrize("url", [COLLECTION, ITEM, COLLECTION + "/nope", "/v1/nothing"])
def test_status_and_headers_are_right_and_the_body_is_not_valid_json(url: str) -> None:
    right = Harness().call(url=url)
    bench = Harness()
    bench.fails("malformed_json")
    answer = bench.call(url=url)
    assert answer.status_code == right.status_code
    assert answer.content_type == "application/json"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.data[:20] == right.data[:20]
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)


def test_a_create_shows_its_result_and_has_no_effect() -> None:
    bench = Harness()
    rule = bench.fails("malformed_json")
    before = bench.ids()
    answer = bench.create()
    assert answer.status_code == 201
    assert answer.headers["Location"]
    assert bench.ids() == before
    bench.call("DELETE", f"/__admin/faults/{rule}")
    made = bench.create().get_json()["id"]
    assert answer.headers["Location"].endswith(made), "the sequence of ids did not move either"


def test_in_the_phase_after_the_call_is_done_and_its_response_is_lost() -> None:
    bench = Harness()
    bench.rule(fault={"type": "malformed_json"}, phase="after")
    before = bench.ids()
    answer = bench.create()
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)
    assert len(bench.ids()) == len(before) + 1


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("DELETE", 204)])
def test_a_response_without_a_body_gets_none(method: str, status: int) -> None:
    """A body after HEAD or 204 would be mistaken for the next response of the connection."""
    bench = Harness()
    bench.fails("malformed_json")
    outcome = bench.served(method, ITEM)
    assert outcome.status[:3] == str(status)
    assert outcome.body == b""


def test_an_error_for_head_has_no_body_either() -> None:
    outcome = Harness().served("HEAD", headers={"Prefer": "code=503, fault=malformed_json"})
    assert outcome.status[:3] == "503"
    assert outcome.body == b""


def test_an_error_can_be_malformed_too() -> None:
    answer = Harness().call(headers={"Prefer": "code=503, fault=malformed_json"})
    assert answer.status_code == 503
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.data)
