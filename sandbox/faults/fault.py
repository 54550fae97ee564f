"""The interface of a fault, and of the connection that a fault acts on."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, NoReturn, Protocol

from marshmallow import fields

from sandbox.problems import Problem
from sandbox.web.response import Response
from sandbox.world.rules import RateWindow


class Wire(Protocol):
    """The connection of one call, as a fault uses it. A method that ends the connection does not return."""

    def response(self) -> Response:
        """Return the API's response to this call. In the phase "before" the call is made on a copy of the sandbox."""
        ...

    def send(self, response: Response) -> Iterable[bytes]:
        """Send a response, with the headers that every response carries."""
        ...

    def send_problem(self, problem: Problem) -> Iterable[bytes]:
        """Send an error in the documented shape."""
        ...

    def problem_response(self, problem: Problem) -> Response:
        """Return the response that reports an error in the documented shape."""
        ...

    def truncate(self, response: Response, length: int) -> Iterable[bytes]:
        """Announce the whole body, send ``length`` bytes of it, and end the connection."""
        ...

    def send_raw(self, data: bytes) -> NoReturn:
        """Send bytes as they are, and end the connection."""
        ...

    def head(self, response: Response) -> bytes:
        """Return status line and headers as bytes, for :meth:`send_raw`."""
        ...

    def reset(self) -> NoReturn:
        """End the connection with an RST."""
        ...

    def hold(self, milliseconds: float) -> None:
        """Wait. A reset of the sandbox or the end of the rule wakes the call."""
        ...

    def draw_bytes(self, count: int) -> bytes:
        """Return bytes that belong to this call, the same each time."""
        ...

    def seconds_left(self) -> int:
        """Return the whole seconds until the window of the rule that fired ends, at least 1."""
        ...


class Quota(NamedTuple):
    """The quota of a caller: ``remaining`` of ``limit`` calls, anew in ``reset`` whole seconds."""

    limit: int
    remaining: int
    reset: int


class Fault(ABC):
    """A kind of fault.

    ``type`` is its name in JSON, ``attributes`` are its attributes there, and the first line of its docstring is its
    documentation. The constructor takes the attributes by name.
    """

    type: ClassVar[str]
    attributes: ClassVar[Mapping[str, fields.Field[Any]]] = {}
    openapi: ClassVar[Mapping[str, Any]] = {}
    sends_body: ClassVar[bool] = True
    """True if there is a body that can arrive in pieces; if not, a dribble delays the whole call."""

    needs_response: ClassVar[bool] = False
    """True if the fault changes the response of the API, so the API must be called."""

    size: int = 0
    """The memory in bytes of what a fault keeps besides the document of its rule, if that is much."""

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        """Return whether the fault is due for this call, and the window that the call leaves behind.

        Most faults are always due and count nothing. ``now`` is the time on the sandbox's clock.
        """
        return True, window

    def quota(self, window: RateWindow | None, now: float) -> Quota | None:
        """Return the quota that is left in the window at ``now``, or None if the fault limits no rate.

        Without a window, or after it, that is the quota of a new one.
        """
        return None

    @abstractmethod
    def send(self, wire: Wire) -> Iterable[bytes]:
        """Respond to the call, or end its connection."""
