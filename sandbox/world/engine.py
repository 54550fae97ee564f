"""The interface of an engine, which decides where worlds live: in memory alone, or also somewhere that outlasts it."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from sandbox.world.interface import World
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldKey


class UnusableFile(Exception):
    """A file of worlds that the server cannot use. The message is one line that completes "--persist FILE …"."""


class UnusableStore(Exception):
    """A store of worlds that the server cannot use. The message is one line that completes "--store URL …"."""


class KeptWorld(NamedTuple):
    """A world that an engine has kept from an earlier process.

    ``token`` and ``seconds_left`` are those of a declared world: the token that selects it besides its name, and the
    time until its end. Of other worlds they are an empty text and None.
    """

    key: WorldKey
    world: World
    token: str = ""
    seconds_left: float | None = None


class Engine(Protocol):
    """The place where the worlds of a fleet live. The fleet decides which there are, and ends those that it removes.

    The fleet launches, declares and ends worlds under its lock, where nothing may pause.
    """

    def launch(self, key: WorldKey) -> World:
        """Return a new world for ``key``, in its initial state. Raises StorageFailed."""
        ...

    def prepared(self, state: SandboxState) -> AbstractContextManager[object]:
        """Do the part of :meth:`declare` that may pause, which is of use until the block ends. Raises StorageFailed."""
        ...

    def declare(self, key: WorldKey, token: str, state: SandboxState, ttl_seconds: float | None) -> World:
        """Return a new world for ``key`` in ``state``, and keep how it is selected and when it ends.

        Raises StorageFailed.
        """
        ...

    def kept(self) -> Iterable[KeptWorld]:
        """Return the worlds that were kept, least recently launched first. Raises UnusableFile."""
        ...
