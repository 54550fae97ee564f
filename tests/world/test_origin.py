"""The origin of a state goes with the world until another state begins."""

from dataclasses import replace

from sandbox.seeding.source import AbsoluteSource
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from tests.world.harness import open_sandbox, table_of

SOURCE = AbsoluteSource(table_of("a", "b"))
BEGUN = SandboxState(table_of("a", "b"), seed=7, origin=SOURCE.origin(0))


def source(sandbox: Sandbox) -> object:
    origin = sandbox.state.origin
    return None if origin is None else origin.source


def test_a_world_keeps_the_origin_of_its_state_when_it_changes() -> None:
    sandbox = open_sandbox(BEGUN)
    sandbox.create(1, "contact", None)
    sandbox.delete(1, "a")
    assert source(sandbox) is SOURCE
    assert source(sandbox.fork()) is SOURCE


def test_another_state_has_another_origin() -> None:
    sandbox = open_sandbox(BEGUN)
    sandbox.take_snapshot(1)
    sandbox.load(1, replace(BEGUN, origin=None))
    assert source(sandbox) is None
    sandbox.restore("snapshot-1")
    assert source(sandbox) is SOURCE
