"""A body that arrives in pieces."""

from typing import ClassVar

from sandbox.faults.delay import MAX_MILLISECONDS, Delay
from sandbox.schemas.fields import Number, WholeNumber


class Dribble(Delay):
    """The body arrives in ``chunks`` pieces, spread over ``milliseconds``."""

    type = "dribble"
    varies = False
    attributes: ClassVar = {
        "chunks": WholeNumber(2, 1000, required=True),
        "milliseconds": Number(0, MAX_MILLISECONDS, required=True),
    }

    def __init__(self, chunks: int, milliseconds: float) -> None:
        self.pieces = chunks
        self._milliseconds = milliseconds

    def milliseconds(self, draw: float) -> float:
        return self._milliseconds
