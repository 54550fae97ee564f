"""The way in which the calls of a process run side by side, for all that waits or takes long."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from sandbox.world.offload import Offload, run_here
from sandbox.world.pause import Pause, no_pause
from sandbox.world.sleepers import NewEvent, Wait, new_event, wait

Spawn = Callable[[Callable[[], None]], object]
"""Calls a function soon, which nothing waits for."""


Background = Callable[[Callable[[], None]], object]
"""Calls a function that goes on for the life of the process."""


def daemon_thread(work: Callable[[], None], /) -> threading.Thread:
    """Call ``work`` in a thread that does not keep the process alive."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The way in which calls run side by side. The defaults are for calls that are threads.

    ``wait`` is how a delayed call sleeps, and ``new_event`` returns what may wake it. ``pause`` lets others run during
    long work, ``offload`` does work that cannot pause, and ``spawn`` does work that no call waits for.

    ``socket`` is the module of the sockets on which calls wait: Python's, or gevent's where calls are greenlets.
    ``new_signal`` returns an event that only :meth:`Event.set` wakes, while one of ``new_event`` may also wake when the
    client of the call has disconnected. ``background`` runs a function for the life of the process.
    """

    wait: Wait = wait
    new_event: NewEvent = new_event
    pause: Pause = no_pause
    offload: Offload = run_here
    spawn: Spawn = run_here
    socket: ModuleType = socket
    new_signal: NewEvent = new_event
    background: Background = daemon_thread


THREADS = Concurrency()
"""For servers whose calls are threads, or come one after the other."""
