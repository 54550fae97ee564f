"""An error with a given status."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import ClassVar

from sandbox.faults.fault import Fault, Wire
from sandbox.problems import Problem, status_line
from sandbox.schemas.fields import Name, WholeNumber
from sandbox.schemas.http_fields import BodyField, HeaderFields, RetryAfter
from sandbox.web.response import Response


class Status(Fault):
    """An error with ``status`` (400 to 599).

    ``message`` is its message, and ``retry_after`` seconds or an HTTP date. ``headers`` and ``body`` replace the
    documented ones, as a proxy or a gateway would send its own: a text is sent as it is, any other value as JSON.
    """

    type = "status"
    attributes: ClassVar = {
        "status": WholeNumber(400, 599, required=True),
        "message": Name(),
        "retry_after": RetryAfter(),
        "headers": HeaderFields(),
        "body": BodyField(),
    }
    openapi: ClassVar = {"not": {"required": ["message", "body"]}}

    def __init__(
        self,
        status: int,
        message: str | None = None,
        retry_after: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        body: tuple[str, bytes] | None = None,
    ) -> None:
        if message is not None and body is not None:
            raise ValueError("message is a part of the documented body, so it does not go with body")
        documented = [] if retry_after is None else [("Retry-After", retry_after)]
        if status == HTTPStatus.UNAUTHORIZED:
            documented.append(("WWW-Authenticate", "Bearer"))
        self.problem = Problem(
            status, message or f"The sandbox was asked to answer {status_line(status)}.", documented
        )
        self._headers = headers
        self._body = body
        # The rule's document has them too.
        self.size = sum(len(name) + len(value) for name, value in headers)
        self.size += 0 if body is None else len(body[1])

    def send(self, wire: Wire) -> Iterable[bytes]:
        if not self._headers and self._body is None:
            return wire.send_problem(self.problem)
        return wire.send(self._replaced(wire.problem_response(self.problem)))

    def _replaced(self, response: Response) -> Response:
        """Return ``response`` with the rule's headers and body in the place of the documented ones."""
        if self._body is not None:
            content_type, body = self._body
            response = (
                response.without_header("content-type").without_header("content-length").with_body(body)
            )
            if body:
                response = response.with_header("Content-Type", content_type)
            response = response.with_header("Content-Length", str(len(body)))
        for name, _ in self._headers:
            response = response.without_header(name.lower())
        for name, value in self._headers:
            response = response.with_header(name, value)
        if self._headers:
            # So that a page's script can read them. Lists in several headers of one name are one list.
            names = ", ".join(name for name, _ in self._headers)
            response = response.with_header("Access-Control-Expose-Headers", names)
        return response
