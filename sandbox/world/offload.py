"""Work without pauses that another thread does, so that one caller does not hold the others."""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Offload(Protocol):
    """Calls a function while others run, and returns what it returns or raises what it raises.

    It may be called in another thread, so it must not wait for others, and only use what is its own or never changes.
    """

    def __call__(self, work: Callable[[], T], /) -> T: ...


def run_here(work: Callable[[], T], /) -> T:
    """Call ``work`` at once: for servers whose calls are threads, and for tests."""
    return work()
