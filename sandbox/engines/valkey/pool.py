"""The connections to one server, each of which one call uses at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

from valkey.connection import BlockingConnectionPool


class Pool:
    """Lends the connections of ``connections``, until it is retired: then each is closed when nobody uses it.

    A connection is closed only by the call that has taken it: its parser fails in unforeseen ways if the socket is
    closed while it reads.
    """

    def __init__(self, connections: BlockingConnectionPool) -> None:
        self._connections = connections
        self._is_retired = False

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Lend a connection, for which a call may have to wait. Raises the errors of ``failures.FAILURES``."""
        try:
            lent = self._connections.get_connection("")
            try:
                yield lent
            finally:
                self._connections.release(lent)
        finally:
            # A pool that is retired from now on closes the connection itself.
            if self._is_retired:
                self._close_idle()

    def retire(self) -> None:
        """Close the connections that are idle, and let calls that use the others close them afterwards."""
        self._is_retired = True
        self._close_idle()

    def _close_idle(self) -> None:
        queue = self._connections.pool
        taken = []
        try:
            while True:
                taken.append(queue.get_nowait())
        except Empty:
            pass
        for connection in taken:
            if connection is not None:
                connection.disconnect()
            # A call that waits for it opens it again.
            queue.put_nowait(connection)
