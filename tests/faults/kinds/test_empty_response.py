"""Connections that close with nothing sent."""

import pytest

from tests.faults.harness import COLLECTION, CREATE, Harness


@pytest.mark.parametrize("key", ["gunicorn.socket", "werkzeug.socket"])
def test_the_connection_closes_and_not_one_byte_was_sent(key: str) -> None:
    bench = Harness()
    bench.fails("EMPTY_RESPONSE")
    before = bench.ids()
    outcome = bench.served("POST", COLLECTION, key=key, json=CREATE)
    assert (outcome.status, outcome.body, outcome.socket.sent) == ("", b"", b"")
    assert "shutdown" in outcome.socket.done
    assert isinstance(outcome.ended, BrokenPipeError)
    assert bench.ids() == before
