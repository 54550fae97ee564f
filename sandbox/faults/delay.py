"""The contract of a delay."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import fields

MAX_MILLISECONDS = 300_000
"""Five minutes: the most that any call is held."""


class Delay(ABC):
    """How long an answer takes.

    ``type`` names the kind in JSON, ``attributes`` are what it takes there, and the first line of its docstring is its
    documentation. The constructor takes the attributes by name and raises ValueError("what would be right") where
    they do not go together.
    """

    type: ClassVar[str]
    attributes: ClassVar[Mapping[str, fields.Field[Any]]]

    varies: ClassVar[bool] = True
    """Whether it depends on the draw; where it does not, none is made."""

    pieces: int = 1
    """In how many pieces the body arrives, spread over the time; 1 holds the whole answer back instead."""

    @abstractmethod
    def milliseconds(self, draw: float) -> float:
        """The delay of one call. ``draw`` is from 0 to below 1 and belongs to the call."""
