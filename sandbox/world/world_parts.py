"""The large parts of a whole world, and freeing those of a world that is forgotten."""

from collections.abc import Callable, Iterable
from functools import partial

from sandbox.world.interface import World
from sandbox.world.pause import Pause
from sandbox.world.release import LARGE, Part, release


def parts_of(world: World) -> list[Part]:
    """Return the large parts of the state of a world, and of those of its snapshots."""
    states = [world.state, *(snapshot.state for snapshot in world.snapshots)]
    return [part for state in states for part in state.large_parts]


def release_later(
    world: World, spawn: Callable[[Callable[[], None]], object], pause: Pause, kept: Iterable[Part] = ()
) -> None:
    """Release the parts of a world that is forgotten. ``spawn`` does it later, off the path of the current call."""
    large = [part for part in parts_of(world) if part.places >= LARGE]
    if large:
        spawn(partial(release, large, pause, kept))
