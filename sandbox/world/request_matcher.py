"""The requests that a rule selects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

from sandbox.world.verdict import Detail, Reason, cut


class RequestInfo(Protocol):
    """The attributes of a request that rules match. Those of its query and its body are text.

    One of the body that has no text is None.
    """

    @property
    def operation_id(self) -> str | None: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query_attributes(self) -> Mapping[str, str]: ...
    @property
    def body_attributes(self) -> Mapping[str, str | None]: ...


@dataclass(frozen=True, slots=True)
class RequestMatcher:
    """Selects requests. Everything given must match; a matcher without conditions selects every ``/v1`` call.

    ``path`` is a glob (``*`` matches anything, ``/`` included). Attributes of ``query`` and ``body`` must be equal.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    def matches(self, request: RequestInfo) -> bool:
        """Return whether ``request`` is selected."""
        return (
            (self.operation is None or self.operation == request.operation_id)
            and (self.method is None or self.method == request.method)
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (not self.query or self.query.items() <= request.query_attributes.items())
            and (not self.body or self.body.items() <= request.body_attributes.items())
        )

    def mismatch(self, request: RequestInfo) -> Reason | None:
        """Return the first condition that ``request`` does not meet, or None: it is selected.

        Making the reason costs more than :meth:`matches`, which is asked first.
        """
        if self.operation is not None and self.operation != request.operation_id:
            return Reason("operation", (self.operation,))
        if self.method is not None and self.method != request.method:
            return Reason("method", (self.method,))
        if self.path is not None and not fnmatchcase(request.path, self.path):
            return Reason("path", (cut(self.path),))
        if self.query and (differing := _differing(self.query, request.query_attributes)):
            return Reason("query", differing)
        if self.body and (differing := _differing(self.body, request.body_attributes)):
            return Reason("body", differing)
        return None


ANY_REQUEST = RequestMatcher()


def _differing(wanted: Mapping[str, str], attributes: Mapping[str, str | None]) -> Detail:
    """Return the name and the value of the first wanted attribute that is not among ``attributes``, or nothing.

    The third value is "another" if the attribute has another value. That value stays out: it may be a secret.
    """
    for name, value in wanted.items():
        if attributes.get(name) != value:
            return cut(name), cut(value), "another" if name in attributes else None
    return ()
