"""What the edge knows of one ``/v1`` call before the API sees it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.operations import Operation
from sandbox.world.fleet import SandboxSlot
from sandbox.world.sandbox import Sandbox

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEY = "sandbox.call"


@dataclass(slots=True)
class Call:
    """One call: its operation (None: 404 or 405), its token and slot, and the sandbox that it meets.

    A call without a token meets the sandbox of anonymous, where it is journalled and faults are counted. ``target`` is
    the sandbox that the API acts on: a copy, where a fault wants the call to do nothing. ``body`` is the whole request
    body, read once. ``delay_ms``, ``fault`` and ``rule`` say for the journal what the call met.
    """

    operation: Operation | None
    sandbox: Sandbox
    target: Sandbox
    token: str | None = None
    slot: SandboxSlot | None = None
    body: bytes = b""
    delay_ms: float = 0.0
    fault: str | None = None
    rule: str | None = None

    def attach(self, environ: "WSGIEnvironment") -> None:
        """Let what is further in find this call."""
        environ[_KEY] = self

    @staticmethod
    def of(environ: "WSGIEnvironment") -> "Call":
        """The call that the edge attached."""
        call: Call = environ[_KEY]
        return call

    @staticmethod
    def find(environ: "WSGIEnvironment") -> "Call | None":
        """The call that the edge attached, if it did: it does for ``/v1`` alone."""
        return environ.get(_KEY)
