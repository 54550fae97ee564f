"""One ``/v1`` call: the request, and what the edge knows of it before the API sees it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.operations import CREATE, Operation, operation_of
from sandbox.problems import Problem
from sandbox.schemas.arguments import IDEMPOTENCY_KEY
from sandbox.web.request import Request
from sandbox.world.errors import WorldError
from sandbox.world.interface import Lease
from sandbox.world.verdict import NO_VERDICTS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEY = "sandbox.call"


class Call(Request):
    """A request for an operation (None: 404 or 405), the world that it uses, and how it was answered.

    ``lease``, which is set when the call enters a world, is on the caller's world, or on the anonymous one if there is
    no token. The call is journalled there, and rules are counted there. ``target`` is the lease that the API acts on:
    that of a fork if a fault prevents the call from doing anything. ``delay_ms``, ``fault`` and ``rule`` are what was
    injected, and ``why`` are the verdicts on the rules, for the journal. ``refusal`` is an error that was known before
    the delay, and that the call gets instead of the operation. ``reader`` reads a body that the client sends only after
    ``100 Continue``; None if the body has been read. ``unreadable`` is the problem with a body that was read in vain.
    ``is_optimistic`` is False if an attempt to answer the call was outdated.
    """

    __slots__ = (
        "delay_ms",
        "fault",
        "has_entered",
        "has_read",
        "is_optimistic",
        "lease",
        "operation",
        "reader",
        "refusal",
        "rule",
        "target",
        "unreadable",
        "why",
    )

    lease: Lease
    target: Lease

    def __init__(self, environ: "WSGIEnvironment") -> None:
        super().__init__(environ)
        self.operation: Operation | None = operation_of(self.method, self.path)
        self.is_optimistic = True
        self.has_read = False
        self.unreadable: Problem | None = None
        self._begin()

    def _begin(self) -> None:
        self.has_entered = False
        self.reader: Callable[[Call], None] | None = None
        self.refusal: WorldError | None = None
        self.delay_ms = 0.0
        self.fault: str | None = None
        self.rule: str | None = None
        self.why = NO_VERDICTS

    def begin_anew(self) -> None:
        """Forget everything but the request, which another attempt answers, this time not optimistically."""
        self.is_optimistic = False
        self._begin()

    def attach(self) -> None:
        """Let the API find this call in the WSGI environment."""
        self.environ[_KEY] = self

    def detach(self) -> None:
        """End what :meth:`attach` began, so that no reference cycle keeps the request in memory."""
        del self.environ[_KEY]

    @property
    def operation_id(self) -> str | None:
        """The OpenAPI operation that the call is, if it is one."""
        return None if self.operation is None else self.operation.id

    @property
    def reaches_operation(self) -> bool:
        """True if the API does not reject the call because of its path, method or token."""
        return self.operation is not None and self.token is not None

    @property
    def idempotency_key(self) -> str | None:
        """The idempotency key that was sent with a create, whether it is valid or not."""
        return self.header(IDEMPOTENCY_KEY) if self.operation is CREATE else None

    def read(self) -> None:
        """Read the body if the client waits for ``100 Continue``. Raises Problem."""
        if self.reader is not None:
            reader, self.reader = self.reader, None
            reader(self)

    def enter(self, lease: Lease) -> None:
        """Use a world."""
        self.lease = self.target = lease
        self.has_entered = True

    def redirect_to_fork(self) -> None:
        """Let the API act on a fork of the world: the call is answered, and changes nothing."""
        lease = self.lease
        self.target = lease._replace(world=lease.world.fork())

    @staticmethod
    def of(environ: "WSGIEnvironment") -> "Call":
        """Return the call of a WSGI environment."""
        call: Call = environ[_KEY]
        return call

    @staticmethod
    def find(environ: "WSGIEnvironment") -> "Call | None":
        """Return the call of a WSGI environment, or None: only ``/v1`` requests have one."""
        return environ.get(_KEY)
