"""The largest body that is read."""

from typing import NamedTuple

from sandbox import problems
from sandbox.problems import Problem


class BodyLimit(NamedTuple):
    """A body has at most ``size`` bytes, before and after decoding. The flag of that setting is ``flag``."""

    size: int
    flag: str

    def problem(self, body: str = "body") -> Problem:
        """Return Problem 413 for a ``body`` that is larger."""
        return problems.too_large(self.size, self.flag, body)
