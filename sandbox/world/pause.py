"""Pauses of long work, so that one caller does not hold the others."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Pause = Callable[[], None]
"""Lets others run if it is their turn. Long work calls it between short steps, and nothing may be half changed then."""

_EVERY = 64


def no_pause() -> None:
    """Continue at once: for servers whose calls are threads, and for tests."""


def with_pauses(items: Iterable[T], pause: Pause) -> Iterator[T]:
    """Iterate over ``items``, with a pause before the first and after every few of them."""
    for number, item in enumerate(items):
        if number % _EVERY == 0:
            pause()
        yield item
