"""Too many requests."""

from collections.abc import Iterable
from typing import ClassVar

from sandbox.faults.fault import Fault, Wire
from sandbox.problems import Problem
from sandbox.schemas.fields import WholeNumber
from sandbox.world.rules import RuleCounters


class RateLimit(Fault):
    """429 with ``Retry-After`` and ``RateLimit-*`` for what is more than ``limit`` calls in ``window_seconds``.

    Counted in each sandbox by itself, on the sandbox's clock.
    """

    type = "rate_limit"
    attributes: ClassVar = {
        "limit": WholeNumber(0, 1_000_000, required=True),
        "window_seconds": WholeNumber(1, 86_400, required=True),
    }

    def __init__(self, limit: int, window_seconds: int) -> None:
        self._limit = limit
        self._window_seconds = window_seconds

    def due(self, counters: RuleCounters, now: float) -> bool:
        """Counts the call in its window, which begins with the first call after the last one ended."""
        window = counters.window
        if not window or not window["began"] <= now < window["began"] + self._window_seconds:
            window.update(began=now, calls=0)
        window["calls"] += 1
        window["left"] = window["began"] + self._window_seconds - now
        return window["calls"] > self._limit

    def send(self, wire: Wire) -> Iterable[bytes]:
        seconds = str(wire.wait_seconds())
        message = f"More than {self._limit} calls in {self._window_seconds} seconds; try again in {seconds} seconds."
        headers = [
            ("Retry-After", seconds),
            ("RateLimit-Limit", str(self._limit)),
            ("RateLimit-Remaining", "0"),
            ("RateLimit-Reset", seconds),
        ]
        return wire.refuse(Problem(429, message, headers))
