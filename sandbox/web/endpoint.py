"""The endpoint: one row of the tables that route, validate and document the API and the control API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from marshmallow import Schema

from sandbox.operations import Operation
from sandbox.problems import JSON_TYPE
from sandbox.schemas.arguments import NoArguments


class Scope(Enum):
    """The target of a call: a sandbox or the server."""

    SANDBOX = "The sandbox that the call names, or that of its bearer token."
    EITHER = (
        "The sandbox that the call names, or that of its bearer token; without both, the server as a whole."
    )
    SERVER = "The server as a whole, whatever the bearer token and the name."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An operation, its view, what it takes, and the statuses that it answers with.

    The view gets, by name, the parameters of the path and, if the endpoint has a schema for them, ``query``, ``body``
    and ``headers``. A query or a body that it has no schema for must be empty. ``path`` documents the parameters of the
    path. ``statuses`` are those of success, the usual one first, and ``errors`` those that the scope does not imply.
    ``body_limit`` names the setting that bounds the body, and ``body_description`` says what its schema cannot. If
    ``streams_body``, the view gets it as a BodyStream and reads it itself. ``response`` is the schema of the successful
    response (None: no body, or one of another ``media_type`` than JSON), ``example`` one of its values, and
    ``response_headers`` describes its headers by name.
    """

    operation: Operation
    view: Callable[..., Any]
    scope: Scope = Scope.SANDBOX
    statuses: tuple[int, ...] = (200,)
    errors: tuple[int, ...] = ()
    path: Schema = field(default_factory=NoArguments)
    query: Schema = field(default_factory=NoArguments)
    body: Schema = field(default_factory=NoArguments)
    headers: Schema = field(default_factory=NoArguments)
    body_limit: str = "max_body_bytes"
    body_description: str = ""
    streams_body: bool = False
    body_example: Any = None
    response: Schema | None = None
    media_type: str = JSON_TYPE
    response_headers: Mapping[str, str] = field(default_factory=dict)
    example: Any = None

    @property
    def summary(self) -> str:
        """The docstring of the view, in one line."""
        return " ".join((self.view.__doc__ or "").split())
