"""The OpenAPI document of the API, at ``/openapi.json``."""

from collections.abc import Iterable
from typing import Any

from flask import Flask

from sandbox.problems import JSON_TYPE
from sandbox.web import openapi
from sandbox.web.endpoint import Endpoint
from sandbox.web.openapi import TEXT_TYPES, Description

PATH = "/openapi.json"

_ERRORS = (400, 401, 413, 415, 503)

DESCRIPTION = Description(
    title="Protocol Conversations API (sandbox)",
    description=(
        "Conversations are the containers for the messages between you, your contacts, and groups.\n\n"
        "Each bearer token has a world of its own. A call may name another world by the path prefix /t/{world} of its "
        "base URL, by the header X-Sandbox-World or by the cookie sandbox_world; its token then only authenticates."
    ),
    security_schemes={"bearer": {"type": "http", "scheme": "bearer"}},
    tag=("conversations", "Conversations, and their lists."),
    # Many generators support one media type of a body, the first.
    media_types=(JSON_TYPE, *TEXT_TYPES),
    # An update may have none. Nor is that of a create marked as required, although a create without one is refused: of
    # a required body with several media types, openapi-python-client 0.29 generates a module that cannot be imported.
    requires_body=False,
    reasons={
        400: "An attribute is unknown, missing, given twice or invalid; the message names it.",
        401: "The bearer token is missing.",
        404: "The conversation does not exist, or was deleted.",
        409: "Another call with the same Idempotency-Key is still under way.",
        413: "The body is too large.",
        414: "The path or the query is too long.",
        415: "The body has a content type that no operation accepts.",
        422: "The Idempotency-Key was used for a create of other attributes.",
        503: "All sandboxes are in use and none is idle.",
        507: "The sandbox holds as many conversations or idempotency keys as it may.",
    },
    errors=lambda endpoint: {*_ERRORS, *endpoint.errors, *openapi.target_errors(endpoint)},
    document={"security": [{"bearer": []}]},
)


def register(app: Flask, endpoints: Iterable[Endpoint], version: str, *, lenient: bool) -> None:
    """Serve the document."""
    openapi.serve(app, PATH, "openapi", lambda: build(endpoints, version, lenient=lenient))


def build(endpoints: Iterable[Endpoint], version: str, *, lenient: bool) -> dict[str, Any]:
    """Return the OpenAPI document of ``endpoints``. That of a ``lenient`` server permits unknown attributes."""
    document = openapi.build(DESCRIPTION, endpoints, version)
    if lenient:
        _permit_unknown(document)
    return document


def _permit_unknown(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name.startswith(("CreateConversation", "UpdateConversation")):
            schema["additionalProperties"] = True
