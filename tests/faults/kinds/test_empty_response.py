"""Connections that close without a response."""

import pytest

from tests.faults.harness import COLLECTION, CREATE, Harness


@pytest.mark.parametrize("key", ["gunicorn.socket", "werkzeug.socket"])
def test_the_connection_closes_before_a_byte_is_sent(key: str) -> None:
    bench = Harness()
    bench.fails("EMPTY_RESPONSE")
    before = bench.ids()
    outcome = bench.served("POST", COLLECTION, key=key, json=CREATE)
    assert (outcome.status, outcome.body, outcome.socket.sent) == ("", b"", b"")
    assert "shutdown" in outcome.socket.done
    assert isinstance(outcome.ended, BrokenPipeError)
    assert bench.ids() == before
