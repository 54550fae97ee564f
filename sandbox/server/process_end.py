"""The end of a process of the server, without the shutdown of the interpreter."""

import atexit
import os
import sys
from contextlib import suppress
from typing import NoReturn, TextIO


def end_process(status: int) -> NoReturn:
    """End this process with the exit status ``status``, once all that is registered for its end has run.

    The interpreter would free every object first. This takes a tenth of a second in the server and in each worker,
    which copies the memory that it shares with the server in order to free it.
    """
    atexit._run_exitfuncs()  # noqa: SLF001  # the interpreter does it in the shutdown that is left out
    streams: tuple[TextIO | None, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        # A process that was started without a stream has None, and nobody may read it any longer.
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    os._exit(status)
