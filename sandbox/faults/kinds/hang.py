"""A call without a response."""

from collections.abc import Iterable
from typing import ClassVar

from sandbox.faults.delay import MAX_MILLISECONDS
from sandbox.faults.fault import Fault, Wire
from sandbox.schemas.fields import Number


class Hang(Fault):
    """No response for ``milliseconds`` (by default five minutes), then the connection closes."""

    type = "hang"
    sends_body = False
    attributes: ClassVar = {"milliseconds": Number(0, MAX_MILLISECONDS)}

    def __init__(self, milliseconds: float = MAX_MILLISECONDS) -> None:
        self._milliseconds = milliseconds

    def send(self, wire: Wire) -> Iterable[bytes]:
        wire.hold(self._milliseconds)
        wire.send_raw(b"")
