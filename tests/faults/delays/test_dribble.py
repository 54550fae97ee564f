"""Bodies that arrive in pieces."""

from typing import Any

import pytest

from sandbox.faults.delays.dribble import Dribble
from tests.faults.harness import COLLECTION, ITEM, RULES, Harness


def dribbling(chunks: int, milliseconds: float, **attributes: Any) -> Harness:
    bench = Harness()
    bench.rule(delay={"type": "dribble", "chunks": chunks, "milliseconds": milliseconds}, **attributes)
    return bench


def test_a_dribble_has_its_pieces_and_its_time() -> None:
    delay = Dribble(5, 900)
    assert (delay.pieces, delay.milliseconds(0.3)) == (5, 900)


@pytest.mark.parametrize("chunks", [2, 3, 7, 10])
def test_the_body_arrives_in_nearly_equal_pieces_spread_over_the_time(chunks: int) -> None:
    whole = Harness().call(url=ITEM)
    bench = dribbling(chunks, 900)
    outcome = bench.served(url=ITEM)
    assert outcome.body == whole.data
    assert outcome.header("Content-Length") == str(len(whole.data))
    assert outcome.header("X-Sandbox-Delay-Ms") == "900"
    assert len(outcome.pieces) == chunks
    lengths = {len(piece) for piece in outcome.pieces}
    assert max(lengths) - min(lengths) <= 1
    assert bench.slept == pytest.approx([0.9 / (chunks - 1)] * (chunks - 1))


def test_no_piece_is_empty_if_there_are_more_pieces_than_bytes() -> None:
    outcome = dribbling(1000, 900).served(url=ITEM)
    assert len(outcome.pieces) == len(outcome.body)
    assert all(len(piece) == 1 for piece in outcome.pieces)


def test_a_response_without_a_body_is_sent_as_it_is() -> None:
    bench = dribbling(5, 900)
    for method, status in (("HEAD", 200), ("DELETE", 204)):
        outcome = bench.served(method, ITEM)
        assert (outcome.status[:3], outcome.body) == (str(status), b"")


def test_an_error_from_a_fault_dribbles_too() -> None:
    bench = dribbling(4, 300, fault={"type": "status", "status": 503})
    outcome = bench.served()
    assert outcome.status.startswith("503")
    assert len(outcome.pieces) == 4
    assert bench.slept == pytest.approx([0.1] * 3)


def test_a_malformed_body_dribbles_too() -> None:
    bench = dribbling(4, 300, fault={"type": "malformed_json"})
    assert len(bench.served(url=ITEM).pieces) == 4


def test_a_truncated_body_dribbles_up_to_its_end() -> None:
    bench = dribbling(4, 300, fault={"type": "truncate", "bytes": 40})
    outcome = bench.served(url=ITEM)
    assert outcome.body == Harness().call(url=ITEM).data[:40]
    assert isinstance(outcome.ended, BrokenPipeError)


def test_the_rest_arrives_at_once_after_a_reset() -> None:
    bench = dribbling(10, 900)
    bench.while_asleep = lambda: bench.call("POST", "/__admin/reset", json={})
    outcome = bench.served(url=ITEM)
    assert outcome.body == Harness().call(url=ITEM).data
    assert bench.woken
    assert all(bench.woken)


@pytest.mark.parametrize("which", ["one", "all"])
def test_the_rest_arrives_at_once_after_the_end_of_the_rule(which: str) -> None:
    bench = dribbling(10, 900)
    bench.while_asleep = lambda: bench.call("DELETE", RULES + ("/rule-1" if which == "one" else ""))
    outcome = bench.served(url=ITEM)
    assert outcome.body == Harness().call(url=ITEM).data
    assert bench.woken
    assert all(bench.woken)


def test_a_call_that_dribbles_counts_as_a_sleeper() -> None:
    bench = Harness(max_sleepers=1)
    bench.rule(delay={"type": "dribble", "chunks": 3, "milliseconds": 100})
    statuses: list[str] = []

    def another() -> None:
        bench.while_asleep = lambda: None
        statuses.append(bench.served(url=COLLECTION).status[:3])

    bench.while_asleep = another
    assert bench.served(url=ITEM).status.startswith("200")
    assert statuses == ["503"]
    assert bench.served(url=ITEM).status.startswith("200")
