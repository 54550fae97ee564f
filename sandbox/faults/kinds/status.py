"""An error with a given status."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

from sandbox.faults.fault import Fault, Wire
from sandbox.problems import Problem, status_line
from sandbox.schemas.fields import Name, WholeNumber


class Status(Fault):
    """An error with ``status`` (400 to 599), and optionally with ``message`` and ``retry_after`` (seconds)."""

    type = "status"
    attributes: ClassVar = {
        "status": WholeNumber(400, 599, required=True),
        "message": Name(),
        "retry_after": WholeNumber(0, 86_400),
    }

    def __init__(self, status: int, message: str | None = None, retry_after: int | None = None) -> None:
        headers = [] if retry_after is None else [("Retry-After", str(retry_after))]
        if status == HTTPStatus.UNAUTHORIZED:
            headers.append(("WWW-Authenticate", "Bearer"))
        self.problem = Problem(
            status, message or f"The sandbox was asked to answer {status_line(status)}.", headers
        )

    def send(self, wire: Wire) -> Iterable[bytes]:
        return wire.send_problem(self.problem)
