"""Random bytes instead of a response."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class RandomData(Fault):
    """256 seeded bytes that are not HTTP, then the connection closes."""

    type = "RANDOM_DATA_THEN_CLOSE"
    sends_body = False

    def send(self, wire: Wire) -> Iterable[bytes]:
        # A status line never begins with NUL, whatever bytes follow.
        wire.send_raw(b"\0" + wire.draw_bytes(255))
