"""The acceptance of connections in one of several workers that share the listening socket."""

from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer

PRECEDENCE_SECONDS = 0.005
"""Time for which a worker that is ahead leaves new connections to the others: as long as they may be busy."""


class BalancedServer(StreamServer):
    """Accepts connections one by one, and lets other workers go first while ``is_ahead`` returns True.

    The system wakes all workers for a new connection, and the fastest accepts it. That is often the same one, which
    then has most of the connections that stay open. A socket of its own for each worker (``SO_REUSEPORT``) distributes
    them at random, and loses those that wait for a worker that dies. Here, the socket is shared, and a worker that is
    ahead waits. It does so once for each connection, because the others may be busy.
    """

    max_accept = 1

    def __init__(self, listener: Any, handle: Callable[..., None], is_ahead: Callable[[], bool]) -> None:
        super().__init__(listener, handle, spawn=Pool())
        self._is_ahead = is_ahead
        self._has_waited = False

    def do_read(self) -> Any:
        """Return a new connection with its address, or None if there is none for this worker."""
        if not self._has_waited and self._is_ahead():
            self._has_waited = True
            self.stop_accepting()
            gevent.spawn_later(PRECEDENCE_SECONDS, self._accept_again)
            return None
        self._has_waited = False
        return super().do_read()

    def _accept_again(self) -> None:
        if self.started:
            self.start_accepting()
