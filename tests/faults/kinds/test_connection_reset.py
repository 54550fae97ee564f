"""Connections that are reset."""

import socket
import struct

import pytest

from tests.faults.harness import COLLECTION, CREATE, Harness


@pytest.mark.parametrize("key", ["gunicorn.socket", "werkzeug.socket"])
def test_the_connection_closes_with_a_linger_time_of_zero_which_sends_an_rst(key: str) -> None:
    bench = Harness()
    bench.fails("CONNECTION_RESET_BY_PEER")
    before = bench.ids()
    outcome = bench.served("POST", COLLECTION, key=key, json=CREATE)
    assert (outcome.status, outcome.body, outcome.socket.sent) == ("", b"", b"")
    assert (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)) in outcome.socket.options
    assert isinstance(outcome.ended, ConnectionResetError)
    assert outcome.ended.errno
    assert bench.ids() == before
