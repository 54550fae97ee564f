"""The server of a test run: started when it is first used, or one that is running already."""

import pytest

from protocol_sandbox import Server, StartError, UnreachableError
from protocol_sandbox.run import TestRun
from protocol_sandbox.shared_server import Access, SharedServer
from tests.live.server import free_port

NONE = {"scenario": "", "seed": "", "url": ""}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SANDBOX_URL", "SANDBOX_ADMIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_server_is_started_once_with_the_options_and_ended() -> None:
    run = TestRun(NONE | {"scenario": "blank", "seed": "3"}, ["lenient=true"])
    run.end()
    server = run.server
    assert server is run.server
    assert server.world().state()["seed"] == 3
    assert (run.scenario, run.seed) == (None, None)  # those of the server
    run.end()
    with pytest.raises(UnreachableError):
        server.world().state()


def test_running_server_is_used_and_not_ended(kit_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    run = TestRun(NONE | {"scenario": "blank", "seed": "3", "url": kit_server.url}, [])
    assert run.server.url == kit_server.url
    assert (run.scenario, run.seed) == ("blank", 3)
    run.end()
    monkeypatch.setenv("SANDBOX_URL", kit_server.url)
    assert TestRun(NONE, []).server.url == kit_server.url


def test_admin_token_of_a_running_server_is_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_ADMIN_TOKEN", "secret")
    with Server(scenario="blank", admin_token="secret") as server:
        assert TestRun(NONE | {"url": server.url}, []).server.world().state()["conversations"] == []


def test_server_that_is_not_running_is_an_error() -> None:
    with pytest.raises(UnreachableError, match="does not respond"):
        _ = TestRun(NONE | {"url": f"http://127.0.0.1:{free_port()}"}, []).server


def test_worker_asks_its_controller() -> None:
    controller = SharedServer(lambda: Access("http://127.0.0.1:1", "secret"))
    try:
        server = TestRun(NONE, ["lenient=true"], controller.ticket).server
        assert (server.url, server.admin_token) == ("http://127.0.0.1:1", "secret")
    finally:
        controller.close()


@pytest.mark.parametrize("setting", ["lenient", "", "max_body_bytes"])
def test_setting_without_a_value_is_an_error(setting: str) -> None:
    with pytest.raises(StartError, match="like max_body_bytes=100"):
        _ = TestRun(NONE, [setting]).server
