"""The parts of a worker's connection to the store that its worlds share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.engines.valkey.log import WorldLog
from sandbox.engines.valkey.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.engines.valkey.courier import Courier
    from sandbox.engines.valkey.identity import Identity
    from sandbox.engines.valkey.keys import Keys
    from sandbox.engines.valkey.log import Nonces
    from sandbox.engines.valkey.server_rules import SharedServerRules
    from sandbox.engines.valkey.sources import Sources
    from sandbox.engines.valkey.unsent import Unsent
    from sandbox.world.concurrency import Concurrency, Spawn
    from sandbox.world.pause import Pause


@dataclass(frozen=True, slots=True)
class Store:
    """The store of a worker. ``timeout`` is the longest time that a call waits for it, in seconds."""

    keys: Keys
    courier: Courier
    identity: Identity
    nonces: Nonces
    sources: Sources
    rules: SharedServerRules
    unsent: Unsent
    concurrency: Concurrency
    timeout: float
    begin: Callable[[], None]
    """Begins to listen to other workers, and to watch over the store."""
    close: Callable[[], None]
    """Closes all connections, and ends what goes on in the background."""

    @property
    def pause(self) -> Pause:
        """Let others run during long work."""
        return self.concurrency.pause

    @property
    def spawn(self) -> Spawn:
        """Do work that no call waits for."""
        return self.concurrency.spawn

    def log(self, world_id: str) -> WorldLog:
        """Return the log of a world."""
        return WorldLog(world_id, self.keys, self.courier)

    def turn(self) -> Turn:
        """Return a new turn."""
        return Turn(self.concurrency, self.timeout)
