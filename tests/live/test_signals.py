"""Signals with which gunicorn would replace or add workers. The only worker holds all state."""

import signal

import httpx
import pytest

from tests.live.conftest import StartServer

ME = {"Authorization": "Bearer me"}
COLLECTION = "/v1/conversations"


@pytest.mark.parametrize("sign", [signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2])
def test_signals_start_no_other_worker(start: StartServer, sign: signal.Signals) -> None:
    server = start("--scenario", "blank")
    httpx.post(server.address + COLLECTION, data={"contact_id": "a"}, headers=ME)
    server.process.send_signal(sign)
    for _ in range(20):
        found = httpx.get(server.address + COLLECTION, headers=ME)
        assert len(found.json()["data"]) == 1
    assert server.end(signal.SIGTERM) == 0


def test_sighup_stops_the_server(start: StartServer) -> None:
    server = start()
    assert server.end(signal.SIGHUP) == 0
    assert server.log == ""
