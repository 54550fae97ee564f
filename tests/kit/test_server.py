"""The server of the kit: settings, start and stop."""

import pytest

from protocol_sandbox import ControlError, Server, StartError, UnreachableError


def test_server_runs_as_long_as_the_with_block() -> None:
    with Server(scenario="blank", seed=7) as server:
        assert server.health()["status"] == "ok"
        assert server.log == ""
        pid, url = server.pid, server.url
        assert pid
        world = server.world()
        assert world.state()["seed"] == 7
    assert not server.pid
    with pytest.raises(UnreachableError, match=f"^{url} does not respond"):
        world.state()


def test_server_may_be_started_again() -> None:
    server = Server(scenario="blank")
    for _ in range(2):
        assert server.start() is server.start()
        assert server.health()["sandboxes"] == 0
        server.stop()
        server.stop()


def test_url_of_a_server_that_is_not_running_is_an_error() -> None:
    with pytest.raises(StartError, match="with block"):
        _ = Server().url


def test_settings_of_all_types_reach_the_server() -> None:
    settings = {"lenient": True, "strict_worlds": True, "error_rate": 0.5, "latency": None, "max_rules": 1}
    with Server(scenario="blank", **settings) as server:
        assert server.health()["on"] == [
            "lenient (unknown attributes are ignored)",
            "strict worlds (only declared ones are served)",
            "error rate 0.5 with status 500",
        ]
        world = server.world()
        world.fail()
        with pytest.raises(ControlError, match="max-rules"):
            world.fail()


def test_admin_token_is_sent() -> None:
    with Server(scenario="blank", admin_token="secret") as server:
        assert server.world().state()["conversations"] == []


@pytest.mark.parametrize("name", ["parent_pipe", "ready_file", "workers"])
def test_settings_that_the_kit_decides_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        Server(**{name: "1"})


def test_unknown_setting_is_an_error_with_the_message_of_the_server() -> None:
    with pytest.raises(StartError, match="did you mean SANDBOX_PORT"):
        Server(prot=1).start()
