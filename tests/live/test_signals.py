"""Signals that gunicorn would take for a wish to replace or multiply the worker, which holds all that there is."""

import signal

import httpx
import pytest

from tests.live.conftest import StartServer

ME = {"Authorization": "Bearer me"}
COLLECTION = "/v1/conversations"


@pytest.mark.parametrize("sign", [signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2])
def test_no_signal_makes_another_worker(start: StartServer, sign: signal.Signals) -> None:
    server = start("--scenario", "blank")
    httpx.post(server.address + COLLECTION, data={"contact_id": "a"}, headers=ME)
    server.process.send_signal(sign)
    for _ in range(20):
        found = httpx.get(server.address + COLLECTION, headers=ME)
        assert len(found.json()["data"]) == 1
    assert server.end(signal.SIGTERM) == 0


def test_a_terminal_that_closes_ends_it(start: StartServer) -> None:
    server = start()
    assert server.end(signal.SIGHUP) == 0
    assert server.log == ""
