"""The default engine: worlds live in the memory of this process, and end with it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from sandbox.world.engine import KeptWorld
from sandbox.world.interface import World
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldKey, text_of


class MemoryEngine:
    """Worlds in memory. ``launch`` returns a new one for the text of its key."""

    def __init__(self, launch: Callable[[str], World]) -> None:
        self._launch = launch

    def launch(self, key: WorldKey) -> World:
        """Return a new world for ``key``."""
        return self._launch(text_of(key))

    def prepared(self, _state: SandboxState) -> AbstractContextManager[object]:
        """Do nothing: nothing takes long."""
        return nullcontext()

    def declare(self, key: WorldKey, _token: str, state: SandboxState, _ttl_seconds: float | None) -> World:
        """Return a new world for ``key`` in ``state``. The fleet knows how it is selected and when it ends."""
        world = self.launch(key)
        world.reset(state)
        return world

    def kept(self) -> tuple[KeptWorld, ...]:
        """Return nothing: no world is older than the process."""
        return ()
