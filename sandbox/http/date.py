"""The ``Date`` header: formatted once per second, not once per response."""

from collections.abc import Callable
from email.utils import formatdate


class DateHeader:
    """Callable that returns the current date in the format of HTTP; ``now`` returns Unix seconds."""

    __slots__ = ("_now", "_second", "_text")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._second = -1
        self._text = ""

    def __call__(self) -> str:
        """Return the date, like ``Sun, 06 Nov 1994 08:49:37 GMT``."""
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._text = formatdate(second, usegmt=True)
        return self._text
