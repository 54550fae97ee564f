"""A connection that is reset."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class ConnectionReset(Fault):
    """The connection ends with a real RST: the client sees ECONNRESET."""

    type = "CONNECTION_RESET_BY_PEER"
    sends_body = False

    def send(self, wire: Wire) -> Iterable[bytes]:
        wire.reset()
