"""The event that wakes a delayed call where calls are greenlets."""

from sandbox.http.client import client_of_greenlet
from sandbox.server.greenlet_signal import GreenletSignal


class GreenletEvent(GreenletSignal):
    """A signal that also wakes the call if its client disconnects."""

    __slots__ = ()

    def wait(self, timeout: float, /) -> bool:
        client = client_of_greenlet()
        if client is None:
            return super().wait(timeout)
        client.on_disconnect(self.set)
        try:
            return super().wait(timeout)
        finally:
            client.on_disconnect(None)
