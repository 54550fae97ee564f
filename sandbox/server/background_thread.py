"""A thread beside the loop, for work that cannot pause."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from gevent.threadpool import ThreadPool

T = TypeVar("T")

SWITCH_SECONDS = 0.001
"""Longest time for which the thread keeps the interpreter while the loop wants it.

The loop gives it up with each system call, so that a call of another client may wait this long several times.
"""


class BackgroundThread:
    """Does one piece of work after the other in one thread, while the loop goes on.

    One thread only: several would get the interpreter in turn, and the loop as seldom as each of them. It is started
    for the first piece of work.
    """

    def __init__(self) -> None:
        self._pool: ThreadPool | None = None

    def run(self, work: Callable[[], T], /) -> T:
        """Call ``work`` in the thread, and return what it returns or raise what it raises. Other greenlets run."""
        if self._pool is None:
            from gevent.threadpool import ThreadPool  # noqa: PLC0415  # few servers need it

            self._pool = ThreadPool(1)
        # gevent would log an error that is raised in the thread.
        value, error = self._pool.apply(_outcome, (work,))
        if error is not None:
            raise error
        return cast("T", value)


def _outcome(work: Callable[[], object]) -> tuple[object, Exception | None]:
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001  # it is raised again in the caller's greenlet
        return None, error
