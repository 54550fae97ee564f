"""The boot of the server: its id, and the time since it."""

import secrets
from collections.abc import Callable
from functools import cached_property


class Boot:
    """One run of the process that answers. ``monotonic`` returns seconds that never go back.

    The worlds live in that process, so another boot is another set of worlds. Servers create the application before
    they fork the process that answers, and fork again if it dies. The id is therefore drawn at its first use, which is
    in that process, and a server that starts a process calls :meth:`begin` there.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        self._callbacks: list[Callable[[], None]] = []

    @cached_property
    def id(self) -> str:
        """A random id of 8 hexadecimal digits, the prefix of all request ids that the server makes."""
        return secrets.token_hex(4)

    def on_begin(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when a boot begins."""
        self._callbacks.append(callback)

    def begin(self) -> None:
        """Begin a new boot, with a new id."""
        self._began = self._monotonic()
        self.__dict__.pop("id", None)
        for callback in self._callbacks:
            callback()

    def uptime(self) -> float:
        """Return the seconds since the boot began."""
        return self._monotonic() - self._began
