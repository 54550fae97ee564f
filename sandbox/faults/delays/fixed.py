"""A fixed delay."""

from typing import ClassVar

from sandbox.faults.delay import MAX_MILLISECONDS, Delay
from sandbox.schemas.fields import Number


class Fixed(Delay):
    """Always ``milliseconds``. A plain number is its short form."""

    type = "fixed"
    varies = False
    attributes: ClassVar = {"milliseconds": Number(0, MAX_MILLISECONDS, required=True)}

    def __init__(self, milliseconds: float) -> None:
        self._milliseconds = milliseconds

    def milliseconds(self, draw: float) -> float:
        return self._milliseconds
