"""The engine in memory."""

import subprocess
import sys

from sandbox.engines.memory import MemoryEngine
from sandbox.world.interface import World
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from sandbox.world.world_name import WorldName
from tests.live.server import environment
from tests.world.harness import open_sandbox


def test_worlds_are_launched_by_the_text_of_their_key() -> None:
    launched: list[str] = []

    def launch(key: str) -> World:
        launched.append(key)
        return open_sandbox()

    engine = MemoryEngine(launch)
    assert engine.launch("me") is not engine.launch(WorldName("me"))
    assert launched == ["me", "\x1eme"]


def test_nothing_is_kept() -> None:
    engine = MemoryEngine(lambda _key: open_sandbox())
    engine.launch(WorldName("me"))
    assert list(engine.kept()) == []


def test_a_declared_world_begins_in_its_state() -> None:
    engine = MemoryEngine(lambda _key: open_sandbox())
    state = SandboxState(Table(), seed=5)
    with engine.prepared(state):
        world = engine.declare(WorldName("me"), "token", state, 1.0)
    assert world.state == state


def test_a_server_without_a_file_does_not_load_sqlite() -> None:
    program = "import sys, sandbox.app as app; app.create_app(app.Settings()); print(*sys.modules, sep='\\n')"
    # Without coverage, which keeps its data in SQLite.
    shown = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    loaded = shown.stdout.split()
    assert "sandbox.engines.memory" in loaded
    assert [each for each in loaded if "sqlite" in each or each.startswith("sandbox.engines.file")] == []
