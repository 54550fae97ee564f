"""The way in which the calls of a process run side by side, for all that waits or takes long."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.world.offload import Offload, run_here
from sandbox.world.pause import Pause, no_pause
from sandbox.world.sleepers import NewEvent, Wait, new_event, wait

Spawn = Callable[[Callable[[], None]], object]
"""Calls a function soon, which nothing waits for."""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The way in which calls run side by side. The defaults are for calls that are threads.

    ``wait`` is how a delayed call sleeps, and ``new_event`` returns what may wake it. ``pause`` lets others run during
    long work, ``offload`` does work that cannot pause, and ``spawn`` does work that no call waits for.
    """

    wait: Wait = wait
    new_event: NewEvent = new_event
    pause: Pause = no_pause
    offload: Offload = run_here
    spawn: Spawn = run_here


THREADS = Concurrency()
"""For servers whose calls are threads, or come one after the other."""
