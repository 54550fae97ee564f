"""Bytes that are no HTTP."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class RandomData(Fault):
    """256 seeded bytes that are no HTTP, then the connection closes."""

    type = "RANDOM_DATA_THEN_CLOSE"
    sends_body = False

    def send(self, wire: Wire) -> Iterable[bytes]:
        # No status line begins with a NUL, whatever was drawn behind it.
        wire.send_raw(b"\0" + wire.draw_bytes(255))
