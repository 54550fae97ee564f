"""The contract of a fault, and what a fault may do to the wire."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, NoReturn, Protocol

from marshmallow import fields

from sandbox.problems import Problem
from sandbox.world.rules import RuleCounters


class Made(NamedTuple):
    """An answer that the API made and nobody has sent yet. ``status`` is a line like ``200 OK``."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Wire(Protocol):
    """What a fault may do. Whatever ends the connection does not return."""

    def answer(self) -> Made:
        """What the API answers to this call. In the phase "before" the call is done on a copy and changes nothing."""
        ...

    def send(self, made: Made) -> Iterable[bytes]:
        """Send an answer, with the headers that every answer carries."""
        ...

    def refuse(self, problem: Problem) -> Iterable[bytes]:
        """Send an error in the documented shape."""
        ...

    def cut(self, made: Made, length: int) -> Iterable[bytes]:
        """Announce the whole body, send ``length`` bytes of it, and end the connection."""
        ...

    def raw(self, data: bytes) -> NoReturn:
        """Send bytes as they are, and end the connection."""
        ...

    def head(self, made: Made) -> bytes:
        """Status line and headers as bytes, for :meth:`raw`."""
        ...

    def reset(self) -> NoReturn:
        """End the connection with an RST."""
        ...

    def hold(self, milliseconds: float) -> None:
        """Wait; a reset of the sandbox or the end of the rule wakes."""
        ...

    def draw_bytes(self, count: int) -> bytes:
        """Bytes that belong to this call, the same each time."""
        ...

    def wait_seconds(self) -> int:
        """For ``rate_limit``: whole seconds until the window of the rule that fired ends."""
        ...


class Fault(ABC):
    """What goes wrong.

    ``type`` names the kind in JSON, ``attributes`` are what it takes there, and the first line of its docstring is its
    documentation. The constructor takes the attributes by name.
    """

    type: ClassVar[str]
    attributes: ClassVar[Mapping[str, fields.Field[Any]]] = {}
    sends_body: ClassVar[bool] = True
    """Whether there is a body that could arrive in pieces; where there is none, a dribble holds the whole call back."""

    def due(self, counters: RuleCounters, now: float) -> bool:
        """Whether the fault is due for this call; most always are. ``now`` is on the sandbox's clock."""
        return True

    @abstractmethod
    def send(self, wire: Wire) -> Iterable[bytes]:
        """Do it."""
