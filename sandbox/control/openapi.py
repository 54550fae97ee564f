"""The OpenAPI document of the control API, at ``/__admin/openapi.json``."""

from collections.abc import Iterable

from flask import Flask

from sandbox.control.endpoint import SANDBOX_HEADER
from sandbox.control.guard import DOCUMENT, HEALTH, TOKEN_HEADER
from sandbox.problems import JSON_TYPE
from sandbox.web import openapi
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.web.openapi import Description, Security


def errors(endpoint: Endpoint) -> set[int]:
    """Return the error statuses of an endpoint."""
    statuses = {400, *endpoint.errors, *openapi.target_errors(endpoint)}
    if endpoint.operation.path != HEALTH:
        statuses.add(403)
    if endpoint.operation.method in ("POST", "PUT"):
        statuses |= {413, 415}
    if endpoint.scope is not Scope.SERVER:
        statuses |= {404, 503}
    return statuses


def security(endpoint: Endpoint) -> Security:
    """Return the alternatives of authentication: a sandbox's token or id, the admin token, or neither."""
    if endpoint.operation.path == HEALTH:
        return []
    if endpoint.scope is Scope.SERVER:
        return [{"admin": []}, {}]
    either: Security = [
        {"sandbox": [], "admin": []},
        {"sandbox": []},
        {"sandbox_id": [], "admin": []},
        {"sandbox_id": []},
    ]
    return [*either, *([{}] if endpoint.scope is Scope.EITHER else [])]


DESCRIPTION = Description(
    title="Control API of protocol-sandbox",
    description=(
        "Controls the sandbox of a bearer token, or the one that the header X-Sandbox-World or the path prefix "
        "/t/{world} names: for test suites and tools. With a name, no bearer token is needed."
    ),
    security_schemes={
        "sandbox": {"type": "http", "scheme": "bearer"},
        "sandbox_id": {
            "type": "apiKey",
            "in": "header",
            "name": SANDBOX_HEADER,
            "description": "The id of a sandbox, instead of its token.",
        },
        "admin": {"type": "apiKey", "in": "header", "name": TOKEN_HEADER},
    },
    tag=("control", "Control of sandboxes."),
    media_types=(JSON_TYPE,),
    # A page of another site cannot send the type of JSON without a preflight, so it is required even of an empty body.
    requires_body=True,
    reasons={
        400: "An attribute is unknown, missing or invalid, or neither a token nor a name says which sandbox is meant.",
        403: "The guard refused: not from this machine, from a page of another origin, or without the admin token.",
        404: "What the path or X-Sandbox-Id names does not exist, or no longer.",
        409: "A world has this name already.",
        413: "The body is too large.",
        414: "The path or the query is too long.",
        415: "The body is not JSON.",
        503: "All sandboxes are in use and none is idle.",
        507: "A limit of the sandbox is reached; the message says which.",
    },
    errors=errors,
    security=security,
)


def register(app: Flask, endpoints: Iterable[Endpoint], version: str) -> None:
    """Serve the document."""
    openapi.serve(app, DOCUMENT, "control.openapi", lambda: openapi.build(DESCRIPTION, endpoints, version))
