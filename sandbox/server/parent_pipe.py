"""The end of the server with its parent, which holds the writing end of a pipe.

The system closes the pipe when the parent ends, however it ends. Nobody has to look for that again and again.
"""

import os
import signal
from contextlib import suppress

from gevent.socket import wait_read

from sandbox.settings import SettingsError

_READ_BYTES = 4096


def check_parent_pipe(descriptor: int) -> None:
    """Raise SettingsError unless ``descriptor`` is open."""
    try:
        os.fstat(descriptor)
    except OSError:
        raise SettingsError(f'--parent-pipe must be an open file descriptor, not "{descriptor}".') from None


def end_with_parent(descriptor: int, arbiter: int) -> None:
    """Wait until the pipe is closed, and stop the server by a signal to its arbiter. Runs in a greenlet of each worker.

    ``descriptor`` is the reading end of the pipe, ``arbiter`` the process id of the worker's parent. What is written to
    the pipe is ignored.
    """
    # Another worker may have read what has arrived, and then reading must not wait.
    os.set_blocking(descriptor, False)
    is_open = True
    while is_open:
        wait_read(descriptor)
        with suppress(BlockingIOError):
            is_open = os.read(descriptor, _READ_BYTES) != b""
    # Without its arbiter, a worker ends by itself, and another process may have the id by now.
    if os.getppid() == arbiter:
        os.kill(arbiter, signal.SIGTERM)
