"""A connection that closes with nothing sent."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class EmptyResponse(Fault):
    """The connection closes, and not one byte was sent."""

    type = "EMPTY_RESPONSE"
    sends_body = False

    def send(self, wire: Wire) -> Iterable[bytes]:
        wire.send_raw(b"")
