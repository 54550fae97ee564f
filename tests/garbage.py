"""Counting the objects that only the garbage collector can free."""

import gc
from collections.abc import Callable

REPETITIONS = 20


def garbage_of(repeat: Callable[[], object]) -> int:
    """Return the number of objects in reference cycles that each call of ``repeat`` leaves behind.

    What is left behind only once, such as by a cache, does not count.
    """
    repeat()
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(REPETITIONS):
            repeat()
        return gc.collect() // REPETITIONS
    finally:
        if was_enabled:
            gc.enable()
