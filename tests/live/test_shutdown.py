"""Shutdown of the server, with idle and busy connections."""

import signal
import time

import httpx
import pytest

from tests.live.conftest import StartServer
from tests.live.wire import Wire, create, request

SIGNALS = [signal.SIGINT, signal.SIGTERM]
MAX_SECONDS = 4.0
"""Upper bound for busy machines. Half a second is usual; waiting for open connections would take five."""


@pytest.mark.parametrize("sign", SIGNALS)
def test_signal_stops_the_server_at_once(start: StartServer, sign: signal.Signals) -> None:
    server = start()
    assert httpx.get(f"{server.address}/__admin/health").status_code == 200
    started = time.monotonic()
    assert server.end(sign) == 0
    assert time.monotonic() - started < MAX_SECONDS
    assert server.log == ""


def test_ctrl_c_stops_the_server_at_once(start: StartServer) -> None:
    server = start()
    started = time.monotonic()
    assert server.press_ctrl_c() == 0
    assert time.monotonic() - started < MAX_SECONDS
    assert server.log == ""


@pytest.mark.parametrize("sign", SIGNALS)
def test_open_connections_do_not_delay_shutdown(start: StartServer, sign: signal.Signals) -> None:
    server = start()
    with Wire(server) as idle, Wire(server) as silent, Wire(server) as busy, Wire(server) as incomplete:
        idle.send(request("GET", "/v1/conversations?limit=1", "idle"))
        assert idle.read_response().status == 200
        busy.send(create("busy", "Expect: 100-continue", length=100))
        assert busy.read_response().status == 100  # now the server waits for the rest of the body
        incomplete.send("GET /v1/conversations HTTP/1.1\r\nHost:")
        started = time.monotonic()
        assert server.end(sign) == 0
        assert time.monotonic() - started < MAX_SECONDS
        assert idle.is_closed()
        assert silent.is_closed()
    assert server.log == ""
