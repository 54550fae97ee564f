"""The rows of worlds in a file, and their end."""

import pytest

from sandbox.world.errors import SandboxReset
from tests.engines.file.harness import Server, failing, rule
from tests.world.test_sandbox import CALL


def test_a_world_that_has_ended_is_not_kept(server: Server) -> None:
    world = server.world()
    world.add_rule(1, rule())
    world.record(1, CALL)
    world.take_snapshot(1)
    world.create(1, "contact", None)
    world.end()
    world.record(1, CALL)
    server.restart()
    assert list(server.kept) == [""]
    counts = {
        table: server.count(table)
        for table in ("worlds", "states", "snapshots", "changes", "calls", "call_counts")
    }
    assert counts == {"worlds": 1, "states": 1, "snapshots": 0, "changes": 0, "calls": 0, "call_counts": 0}


def test_a_world_that_cannot_be_forgotten_ends_and_is_there_again_after_a_restart(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    world = server.world()
    with failing(server):
        world.end()
    with pytest.raises(SandboxReset):
        world.create(world.generation, "contact", None)
    assert "a world cannot be forgotten" in capsys.readouterr().err
    server.restart()
    assert server.world().size == 2
