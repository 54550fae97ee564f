"""The default engine: worlds live in the memory of this process, and end with it."""

from collections.abc import Callable

from sandbox.world.engine import KeptWorld
from sandbox.world.interface import World
from sandbox.world.world_name import WorldKey, text_of


class MemoryEngine:
    """Worlds in memory. ``launch`` returns a new one for the text of its key."""

    def __init__(self, launch: Callable[[str], World]) -> None:
        self._launch = launch

    def launch(self, key: WorldKey) -> World:
        """Return a new world for ``key``."""
        return self._launch(text_of(key))

    def remember(self, key: WorldKey, token: str, ttl_seconds: float | None) -> None:
        """Do nothing: the fleet knows."""

    def kept(self) -> tuple[KeptWorld, ...]:
        """Return nothing: no world is older than the process."""
        return ()
