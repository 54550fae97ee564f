"""Sandboxes on a server that somebody else has started."""

from types import SimpleNamespace

import pytest

from protocol_sandbox import ControlError, InProcess, RunningServer, Server, UnreachableError
from sandbox import Settings, create_app
from tests.live.server import free_port


def test_worlds_have_different_tokens_and_do_not_see_each_other(kit_server: Server) -> None:
    server = RunningServer(kit_server.url + "/")
    assert server.url == kit_server.url
    one, other = server.world(), server.world()
    assert one.token != other.token
    one.conversations.put("a", contact_id="b")
    assert len(one.state()["conversations"]) == len(other.state()["conversations"]) + 1


def test_world_begins_with_the_given_scenario_and_seed(kit_server: Server) -> None:
    world = kit_server.world(scenario="default", seed=9)
    assert world.state()["seed"] == 9
    assert len(world.state()["conversations"]) == 120


def test_world_may_have_a_given_name_that_no_other_has(kit_server: Server) -> None:
    world = kit_server.world(name="checkout")
    assert world.name == "checkout"
    with pytest.raises(ControlError, match='a world named "checkout" already') as refused:
        kit_server.world(name="checkout")
    assert refused.value.status == 409


def test_world_ends_after_its_time_to_live() -> None:
    clock = SimpleNamespace(uptime=0.0)
    server = InProcess(create_app(Settings(scenario="blank"), monotonic=lambda: clock.uptime))
    server.world(name="checkout", ttl_seconds=5)
    clock.uptime = 5.0
    assert server.world(name="checkout").name == "checkout"


def test_unknown_scenario_is_an_error_with_the_message_of_the_server(kit_server: Server) -> None:
    with pytest.raises(ControlError, match='no scenario "nowhere"') as refused:
        kit_server.world(scenario="nowhere")
    assert refused.value.status == 400


def test_server_that_does_not_respond_is_an_error() -> None:
    with pytest.raises(UnreachableError, match="does not respond"):
        RunningServer(f"http://127.0.0.1:{free_port()}").health()
