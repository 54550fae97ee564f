"""Truncated bodies."""

from collections.abc import Callable

import pytest

from tests.faults.harness import COLLECTION, CREATE, ITEM, RULES, Harness, Outcome


def truncated(length: int, method: str = "GET", url: str = ITEM) -> Outcome:
    bench = Harness()
    bench.fails("truncate", bytes=length)
    return bench.served(method, url)


@pytest.mark.parametrize("length", [0, 1, 10, 100])
def test_the_first_bytes_of_the_body_are_sent_and_the_connection_ends(length: int) -> None:
    whole = Harness().call(url=ITEM)
    outcome = truncated(length)
    assert outcome.status == "200 OK"
    assert outcome.header("Content-Length") == str(len(whole.data))
    assert outcome.header("Content-Type") == "application/json"
    assert outcome.header("X-Sandbox-Fault") == "truncate"
    assert outcome.body == whole.data[:length]
    assert isinstance(outcome.ended, BrokenPipeError)
    assert outcome.ended.errno


@pytest.mark.parametrize("surplus", [0, 1, 500_000])
def test_the_last_byte_is_never_sent(surplus: int) -> None:
    whole = Harness().call(url=ITEM).data
    outcome = truncated(min(len(whole) + surplus, 1_000_000))
    assert outcome.body == whole[:-1]
    assert isinstance(outcome.ended, BrokenPipeError)


@pytest.mark.parametrize(("method", "status"), [("HEAD", "200"), ("DELETE", "204")])
def test_the_connection_ends_also_without_a_body(method: str, status: str) -> None:
    outcome = truncated(10, method)
    assert (outcome.status[:3], outcome.body) == (status, b"")
    assert isinstance(outcome.ended, BrokenPipeError)


def test_a_create_shows_its_result_and_has_no_effect() -> None:
    bench = Harness()
    rule = bench.fails("truncate", bytes=15)
    before = bench.ids()
    outcome = bench.served("POST", COLLECTION, json=CREATE)
    assert outcome.status == "201 Created"
    assert bench.ids() == before
    bench.call("DELETE", f"{RULES}/{rule}")
    made = bench.create()
    assert outcome.body == made.data[:15]
    assert outcome.header("Location") == made.headers["Location"]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "fault.bytes is missing; it must be an integer from 0 to 1000000"),
        ({"bytes": -1}, "fault.bytes must be an integer from 0 to 1000000, not -1"),
        ({"bytes": 1.5}, "not 1.5"),
    ],
)
def test_an_invalid_attribute_is_refused(
    assert_error_shape: Callable[..., str], attributes: dict[str, object], said: str
) -> None:
    answer = Harness().call("POST", RULES, json={"fault": {"type": "truncate", **attributes}})
    assert_error_shape(answer, 400, said)
