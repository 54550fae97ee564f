"""A delay with a lognormal distribution, as in real networks: mostly short, sometimes long."""

import math
from typing import ClassVar

from sandbox.faults.delay import MAX_MILLISECONDS, Delay
from sandbox.schemas.fields import Number


class Lognormal(Delay):
    """Half of the calls below ``median`` milliseconds, and a long tail.

    Its width is ``sigma``, or such that 99 of 100 calls are below ``p99``.
    """

    type = "lognormal"
    attributes: ClassVar = {
        "median": Number(0.001, MAX_MILLISECONDS, required=True),
        "sigma": Number(0, 10),
        "p99": Number(0.001, MAX_MILLISECONDS),
    }
    openapi: ClassVar = {"oneOf": [{"required": ["sigma"]}, {"required": ["p99"]}]}

    def __init__(self, median: float, sigma: float | None = None, p99: float | None = None) -> None:
        if (sigma is None) == (p99 is None):
            raise ValueError("median needs either sigma or p99 beside it")
        if p99 is not None and p99 < median:
            raise ValueError("p99 must not be less than median")
        self._median = median
        self._sigma = _sigma(median, p99) if sigma is None and p99 is not None else sigma or 0.0

    def milliseconds(self, draw: float) -> float:
        # The distribution is unbounded on both sides: it has no quantiles of 0 and 1.
        milliseconds = self._median * math.exp(self._sigma * _quantile(min(max(draw, 2**-53), 1 - 2**-53)))
        return min(milliseconds, MAX_MILLISECONDS)


def _sigma(median: float, p99: float) -> float:
    return math.log(p99 / median) / _quantile(0.99)


def _quantile(probability: float) -> float:
    from statistics import NormalDist  # noqa: PLC0415  # slow to import, and only needed here

    return NormalDist().inv_cdf(probability)
