"""A truncated body."""

from collections.abc import Iterable
from typing import ClassVar

from sandbox.faults.fault import Fault, Wire
from sandbox.schemas.fields import WholeNumber


class Truncate(Fault):
    """The right headers with the whole ``Content-Length``, then only ``bytes`` bytes of the body."""

    type = "truncate"
    needs_response = True
    attributes: ClassVar = {"bytes": WholeNumber(0, 1_000_000, required=True)}

    def __init__(self, bytes: int) -> None:  # noqa: A002  # the attribute's documented name
        self._length = bytes

    def send(self, wire: Wire) -> Iterable[bytes]:
        return wire.truncate(wire.response(), self._length)
