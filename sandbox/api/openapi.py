"""OpenAPI 3.1 at ``/openapi.json``: generated from the schemas that validate and the table that routes."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask
from marshmallow import Schema

from sandbox.api.endpoint import Endpoint
from sandbox.api.specification import error_response, new_spec, serve
from sandbox.problems import JSON_TYPE
from sandbox.schemas.fields import Attribute

if TYPE_CHECKING:
    from apispec import APISpec
    from apispec.ext.marshmallow.openapi import OpenAPIConverter

TEXT_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")

CREATED_EXAMPLE = {
    "id": "xgQQXg3hrtjh7AvZ",
    "contact_id": "WAz8eIbvDR60rouK",
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": False,
    "last_active_at": None,
    "last_opened_at": None,
    "created_at": 692233200,
    "archived_at": None,
}
"""Source: the documented response of "Search"."""
RETRIEVED_EXAMPLE = CREATED_EXAMPLE | {"last_active_at": 705103200, "last_opened_at": 705103200}
"""Source: the documented response of "Retrieve a sound"."""
EXAMPLES: dict[str, Any] = {
    "createConversation": CREATED_EXAMPLE,
    "listConversations": {"has_more": False, "data": [RETRIEVED_EXAMPLE]},
    "retrieveConversation": RETRIEVED_EXAMPLE,
    "updateConversation": RETRIEVED_EXAMPLE,
}
REQUEST_EXAMPLES: dict[str, Any] = {
    "createConversation": {"contact_id": "WAz8eIbvDR60rouK"},
    "updateConversation": {"is_muted": True},
}

REASONS = {
    400: "An attribute is unknown, missing, given twice or not what it must be; the message names it.",
    401: "No bearer token was given.",
    404: "There is no such conversation (any more).",
    413: "The body is larger than the server reads.",
    415: "The body is of a type that no operation reads.",
    503: "All sandboxes are in use and none is idle.",
    507: "The sandbox holds all the conversations it may.",
}

PAGE_SCHEMA = {
    "type": "object",
    "properties": {
        "has_more": {"type": "boolean", "description": "Whether more lie in the direction of travel."},
        "data": {"type": "array", "items": {"$ref": "#/components/schemas/Conversation"}},
    },
    "required": ["has_more", "data"],
    "additionalProperties": False,
}


def register(app: Flask, endpoints: Iterable[Endpoint], version: str, *, lenient: bool) -> None:
    """Serve the document."""
    serve(app, "/openapi.json", "openapi", lambda: build(endpoints, version, lenient=lenient))


def build(endpoints: Iterable[Endpoint], version: str, *, lenient: bool) -> dict[str, Any]:
    """The OpenAPI document of ``endpoints``. A ``lenient`` server admits unknown attributes, and says so here."""
    description = "Conversations are the containers for the messages between you, your contacts, and groups."
    spec, converter = new_spec(
        "Protocol Conversations API (sandbox)", version, description, security=[{"bearer": []}]
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("ConversationPage", PAGE_SCHEMA)
    for endpoint in endpoints:
        _add(spec, converter, endpoint)
    document = spec.to_dict()
    _say_what_is_required(document)
    if lenient:
        _admit_unknown(document)
    return document


def _add(spec: "APISpec", converter: "OpenAPIConverter", endpoint: Endpoint) -> None:
    operation = endpoint.operation
    description = (endpoint.view.__doc__ or "").strip()
    parameters = converter.schema2parameters(endpoint.query, location="query")
    if "{id}" in operation.path:
        parameters.insert(0, {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}})
    responses: dict[str, Any] = {str(endpoint.success): _success(endpoint)}
    responses |= {str(status): error_response(status, REASONS[status]) for status in endpoint.refusals}
    shape: dict[str, Any] = {
        "operationId": operation.id,
        "summary": description,
        "parameters": parameters,
        "responses": responses,
    }
    if endpoint.body.fields:
        shape["requestBody"] = _request_body(spec, endpoint)
    spec.path(operation.path, operations={operation.method.lower(): shape})


def _request_body(spec: "APISpec", endpoint: Endpoint) -> dict[str, Any]:
    name = type(endpoint.body).__name__
    spec.components.schema(name, schema=endpoint.body)
    spec.components.schema(name + "Form", _text_schema(endpoint.body))
    example = REQUEST_EXAMPLES[endpoint.operation.id]
    content: dict[str, Any] = {
        media_type: {"schema": {"$ref": f"#/components/schemas/{name}Form"}, "example": _as_text(example)}
        for media_type in TEXT_TYPES
    }
    content[JSON_TYPE] = {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": example}
    return {"content": content, "required": endpoint.operation.id == "createConversation"}


def _text_schema(schema: Schema) -> dict[str, Any]:
    properties = {}
    for name, field in schema.fields.items():
        assert isinstance(field, Attribute)
        shape: dict[str, Any] = dict(field.openapi_text)
        if field.allow_none:
            shape = {
                "anyOf": [shape, {"type": "string", "const": "", "description": "Clears the attribute."}]
            }
        properties[name] = shape | {"description": field.metadata["description"]}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _as_text(example: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in example.items()}


def _success(endpoint: Endpoint) -> dict[str, Any]:
    operation = endpoint.operation.id
    headers: dict[str, Any] = {"X-Request-Id": "RequestId"}
    shape: dict[str, Any] = {"description": HTTPStatus(endpoint.success).phrase, "headers": headers}
    if endpoint.success == HTTPStatus.CREATED:
        headers["Location"] = {"description": "Where the conversation is now.", "schema": {"type": "string"}}
    if operation in EXAMPLES:
        name = "ConversationPage" if operation == "listConversations" else "Conversation"
        schema = {"$ref": f"#/components/schemas/{name}"}
        shape["content"] = {JSON_TYPE: {"schema": schema, "example": EXAMPLES[operation]}}
    return shape


def _say_what_is_required(document: dict[str, Any]) -> None:
    """Of contact_id and group_id one must be given: a rule over two attributes, which marshmallow cannot show."""
    for name, empty in (("CreateConversation", {"type": "null"}), ("CreateConversationForm", {"const": ""})):
        document["components"]["schemas"][name]["anyOf"] = [
            {"required": [attribute], "properties": {attribute: {"not": empty}}}
            for attribute in ("contact_id", "group_id")
        ]


def _admit_unknown(document: dict[str, Any]) -> None:
    for name in ("CreateConversation", "UpdateConversation"):
        for suffix in ("", "Form"):
            document["components"]["schemas"][name + suffix]["additionalProperties"] = True
