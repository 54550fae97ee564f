"""The commands of several calls that travel together to one server."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sandbox.engines.valkey.exchange import Reply
from sandbox.engines.valkey.topology import Command
from sandbox.world.errors import StoreUnavailable
from sandbox.world.sleepers import Event

_SHARED: Final = frozenset({"FCALL_RO", "HGET"})
"""Commands that only read. Those that are the same travel once: the calls of a trip have all begun before it.

No call sends one of them behind a write of its own that it has to see.
"""
_SHARED_FUNCTIONS: Final = frozenset({"sandbox1_see", "sandbox1_load"})
"""Functions that only read, although no flag says so; likewise."""


class Ask:
    """The commands of one call, and the places of their replies among those of a trip.

    ``signal`` wakes the call if it waits: when it is done, or is to lead.
    """

    __slots__ = ("commands", "error", "is_done", "is_gone", "leads", "places", "replies", "signal")

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = commands
        self.replies: list[Reply] = []
        self.places: list[int] = []
        self.error: StoreUnavailable | None = None
        self.signal: Event | None = None
        self.is_done = False
        self.is_gone = False
        self.leads = False

    def end(self, error: StoreUnavailable | None = None) -> None:
        """Wake the call, which has its replies or ``error``."""
        self.error = error
        self.is_done = True
        if self.signal is not None:
            self.signal.set()


class Trip(NamedTuple):
    """Asks whose commands are on their way, and the replies that have arrived."""

    asks: list[Ask]
    commands: Sequence[Command]
    replies: list[Reply]

    @classmethod
    def of(cls, asks: list[Ask]) -> "Trip":
        """Return the trip of all commands of ``asks``."""
        if len(asks) == 1:
            return cls(asks, asks[0].commands, [])
        commands: list[Command] = []
        shared: dict[Command, int] = {}
        for ask in asks:
            for command in ask.commands:
                place = len(commands)
                if _is_shared(command):
                    place = shared.setdefault(command, place)
                if place == len(commands):
                    commands.append(command)
                ask.places.append(place)
        return cls(asks, commands, [])


def _is_shared(command: Command) -> bool:
    return command[0] in _SHARED or (command[0] == "FCALL" and command[1] in _SHARED_FUNCTIONS)
