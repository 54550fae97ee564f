"""The clock of a sandbox."""

import pytest

from protocol_sandbox import ControlError, Sandbox
from tests.kit.conftest import Send


def test_clock_is_frozen_advanced_and_resumed(world: Sandbox, send: Send) -> None:
    assert world.clock.freeze(692233200) == 692233200
    assert world.clock.advance(60) == 692233260
    assert send("POST", data={"contact_id": "a"}).json()["created_at"] == 692233260
    assert world.clock.freeze() == world.clock.now == 692233260
    assert world.clock.resume() >= 692233260


def test_clock_does_not_go_back(world: Sandbox) -> None:
    with pytest.raises(ControlError, match="seconds"):
        world.clock.advance(-1)
