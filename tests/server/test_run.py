"""Start and end of a server process."""

import gc
import signal
import socket

import httpx
import pytest

from sandbox.server import serve
from sandbox.settings import Settings, SettingsError
from tests.live.conftest import StartServer
from tests.live.server import SANDBOX, free_port


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_server_responds_and_stops_on_a_signal(start: StartServer, sign: signal.Signals) -> None:
    server = start("--scenario", "documented")
    assert "scenario   documented (2 conversations)" in "\n".join(server.banner)
    found = httpx.get(f"{server.address}/v1/conversations", headers={"Authorization": "Bearer me"})
    assert len(found.json()["data"]) == 2
    assert server.end(sign) == 0
    assert server.log == ""


def test_quiet_server_prints_nothing(start: StartServer) -> None:
    port = free_port()
    server = start(command=[*SANDBOX, "--quiet", "--port", str(port)], address=f"http://127.0.0.1:{port}")
    assert server.end() == 0
    assert server.banner == []


def test_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"^Port {port} on 127\.0\.0\.1 is in use"):
            serve(Settings(port=port))


def test_unknown_scenario_is_refused_and_frees_the_port() -> None:
    port = free_port()
    with pytest.raises(SettingsError, match="nowhere"):
        serve(Settings(port=port, scenario="nowhere"))
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert gc.get_freeze_count() == 0
