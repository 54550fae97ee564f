"""A delay with a uniform distribution."""

from typing import ClassVar

from sandbox.faults.delay import MAX_MILLISECONDS, Delay
from sandbox.schemas.fields import Number


class Uniform(Delay):
    """From ``lower`` to ``upper`` milliseconds, evenly distributed."""

    type = "uniform"
    attributes: ClassVar = {
        "lower": Number(0, MAX_MILLISECONDS, required=True),
        "upper": Number(0, MAX_MILLISECONDS, required=True),
    }

    def __init__(self, lower: float, upper: float) -> None:
        if upper < lower:
            raise ValueError("upper must not be less than lower")
        self._lower = lower
        self._upper = upper

    def milliseconds(self, draw: float) -> float:
        return self._lower + draw * (self._upper - self._lower)
