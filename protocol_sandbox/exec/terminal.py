"""The terminal, which belongs to one process group at a time."""

import os
import signal
import sys
from contextlib import suppress


class Terminal:
    """The controlling terminal of this process, if it has one and is in the foreground; otherwise nothing happens."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        with suppress(OSError, ValueError, AttributeError):
            descriptor = sys.stdin.fileno()
            if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():
                self._descriptor = descriptor

    @property
    def is_ours(self) -> bool:
        """True if there is a terminal that can be given away."""
        return self._descriptor is not None

    def give(self, group: int) -> None:
        """Let the process group read from the terminal, and get its signals."""
        if self._descriptor is None:
            return
        # A process in the background is stopped when it changes the foreground, unless it ignores that.
        previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            with suppress(OSError):  # the group has ended already
                os.tcsetpgrp(self._descriptor, group)
        finally:
            signal.signal(signal.SIGTTOU, previous)

    def take_back(self) -> None:
        """Let this process read from the terminal again."""
        self.give(os.getpgrp())
