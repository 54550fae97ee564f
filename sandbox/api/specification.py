"""What the OpenAPI documents of the API and of the control API have in common."""

import json
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask

from sandbox.api.answers import Answer, json_answer
from sandbox.problems import DOCUMENTATION, JSON_TYPE
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.fields import Attribute

if TYPE_CHECKING:
    from apispec import APISpec
    from apispec.ext.marshmallow.openapi import OpenAPIConverter

ERROR_SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["invalid_request", "api_error"]},
        "message": {"type": "string"},
        "documentation_url": {"type": "string", "format": "uri"},
    },
    "required": ["type", "message", "documentation_url"],
    "additionalProperties": False,
}
REQUEST_ID_HEADER = {"description": "Names this call in logs.", "schema": {"type": "string"}}


def serve(app: Flask, path: str, name: str, build: Callable[[], dict[str, Any]]) -> None:
    """Serve the document that ``build`` makes when it is first asked for; ``name`` is that of the route."""

    @cache
    def document() -> bytes:
        return json.dumps(build()).encode() + b"\n"

    def openapi() -> Answer:
        return json_answer(document())

    app.add_url_rule(path, name, openapi, provide_automatic_options=False)


def new_spec(title: str, version: str, description: str, **more: Any) -> "tuple[APISpec, OpenAPIConverter]":
    """A document that knows the conversation, the error and our attribute types, and what reads schemas for it.

    ``more`` goes to the document as it is.
    """
    from apispec import APISpec  # noqa: PLC0415  # a server starts without it, and few are asked for a document
    from apispec.ext.marshmallow import MarshmallowPlugin  # noqa: PLC0415  # likewise

    marshmallow = MarshmallowPlugin()
    spec = APISpec(
        title=title,
        version=version,
        openapi_version="3.1.0",
        plugins=[marshmallow],
        info={"description": description},
        servers=[{"url": "/"}],
        **more,
    )
    converter = marshmallow.converter
    assert converter is not None
    converter.add_attribute_function(_keywords)
    spec.components.header("RequestId", REQUEST_ID_HEADER)
    spec.components.schema("Conversation", schema=ConversationSchema)
    spec.components.schema("Error", ERROR_SCHEMA)
    return spec, converter


def error_response(status: int, reason: str) -> dict[str, Any]:
    """The response object of an error."""
    kind = "api_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
    example = {"type": kind, "message": reason, "documentation_url": DOCUMENTATION + kind}
    schema = {"$ref": "#/components/schemas/Error"}
    headers: dict[str, Any] = {"X-Request-Id": "RequestId"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"schema": {"type": "string", "const": "Bearer"}}
    return {
        "description": reason,
        "headers": headers,
        "content": {JSON_TYPE: {"schema": schema, "example": example}},
    }


def _keywords(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    """What our attribute types add to what apispec knows of marshmallow's."""
    return dict(field.openapi) if isinstance(field, Attribute) else {}
