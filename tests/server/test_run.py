"""A real server from its start to its end."""

import gc
import signal
import socket

import httpx
import pytest

from sandbox.server import serve
from sandbox.settings import Settings, SettingsError
from tests.live.conftest import Start
from tests.live.server import SANDBOX, free_port


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_answers_there_and_ends_on_a_signal(start: Start, sign: signal.Signals) -> None:
    server = start("--scenario", "documented")
    assert "scenario   documented (2 conversations)" in "\n".join(server.banner)
    found = httpx.get(f"{server.address}/v1/conversations", headers={"Authorization": "Bearer me"})
    assert len(found.json()["data"]) == 2
    assert server.end(sign) == 0
    assert server.log == ""


def test_a_quiet_server_prints_nothing(start: Start) -> None:
    port = free_port()
    server = start(command=[*SANDBOX, "--quiet", "--port", str(port)], address=f"http://127.0.0.1:{port}")
    assert server.end() == 0
    assert server.banner == []


def test_a_port_in_use_is_refused_before_anything_is_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"^Port {port} on 127\.0\.0\.1 is in use"):
            serve(Settings(port=port))


def test_an_unknown_scenario_is_refused_and_the_port_is_free_again() -> None:
    port = free_port()
    with pytest.raises(SettingsError, match="nowhere"):
        serve(Settings(port=port, scenario="nowhere"))
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert gc.get_freeze_count() == 0
