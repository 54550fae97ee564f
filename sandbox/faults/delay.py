"""The interface of a delay."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import fields

MAX_MILLISECONDS = 300_000
"""Five minutes: the longest delay of a call."""


class Delay(ABC):
    """A kind of delay.

    ``type`` is its name in JSON, ``attributes`` are its attributes there, and the first line of its docstring is its
    documentation. ``openapi`` has the JSON Schema keywords for rules over several attributes. The constructor takes the
    attributes by name. Raises ValueError with a sentence that tells what would
    be right if they do not go together.
    """

    type: ClassVar[str]
    attributes: ClassVar[Mapping[str, fields.Field[Any]]]
    openapi: ClassVar[Mapping[str, Any]] = {}

    varies: ClassVar[bool] = True
    """True if the delay depends on the random number; if not, none is generated."""

    pieces: int = 1
    """The number of pieces in which the body arrives, spread over the time; 1 delays the whole response instead."""

    @abstractmethod
    def milliseconds(self, draw: float) -> float:
        """Return the delay of one call. ``draw`` is the random number of the call, from 0 to below 1."""
