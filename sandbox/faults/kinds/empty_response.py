"""A connection that closes without a response."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class EmptyResponse(Fault):
    """The connection closes before a byte is sent."""

    type = "EMPTY_RESPONSE"
    sends_body = False

    def send(self, wire: Wire) -> Iterable[bytes]:
        wire.send_raw(b"")
