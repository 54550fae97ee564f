"""OpenAPI 3.1 documents: generated from the schemas that validate and the tables that route."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask
from marshmallow import Schema

from sandbox.problems import DOCUMENTATION, JSON_TYPE
from sandbox.schemas.fields import Attribute
from sandbox.schemas.responses import ApiErrorSchema
from sandbox.web.decoding import FORM_TYPE, MULTIPART_TYPE
from sandbox.web.endpoint import Endpoint
from sandbox.web.response import Response, json_response

if TYPE_CHECKING:
    from apispec import APISpec
    from apispec.ext.marshmallow.openapi import OpenAPIConverter

TEXT_TYPES = {FORM_TYPE: "Form", MULTIPART_TYPE: "Multipart"}
"""The media types whose attributes are text, and the ends of their schemas' names.

Each has a schema of its own: generators make a class of a schema, and choose the media type by the class.
"""

_REQUEST_ID = {"description": "Identifies this call in logs.", "schema": {"type": "string"}}

Security = list[dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Description:
    """The parts of a document besides its endpoints.

    ``tag`` is the name and the description of the group that all endpoints form. ``media_types`` are those of request
    bodies, and ``requires_body`` says that an endpoint with a body may not be called without one. ``reasons`` are the
    descriptions of error statuses. ``errors`` returns all error statuses of an endpoint, and ``security`` what it
    requires, if that differs from endpoint to endpoint. ``document`` is merged into the document as it is.
    """

    title: str
    description: str
    security_schemes: Mapping[str, Mapping[str, str]]
    tag: tuple[str, str]
    media_types: Sequence[str]
    requires_body: bool
    reasons: Mapping[int, str]
    errors: Callable[[Endpoint], Iterable[int]]
    security: Callable[[Endpoint], Security] | None = None
    document: Mapping[str, Any] = field(default_factory=dict)


def serve(app: Flask, path: str, name: str, build: Callable[[], dict[str, Any]]) -> None:
    """Serve the document that ``build`` returns, which is built on the first request. ``name`` is that of the route."""

    @cache
    def document() -> bytes:
        return json.dumps(build()).encode() + b"\n"

    def openapi() -> Response:
        return json_response(document())

    app.add_url_rule(path, name, openapi, provide_automatic_options=False)


def build(description: Description, endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Return the OpenAPI document of ``endpoints``."""
    spec, converter = new_spec(description, version)
    for endpoint in endpoints:
        operation = endpoint.operation
        shape = _operation(description, spec, converter, endpoint)
        spec.path(operation.path, operations={operation.method.lower(): shape})
    document: dict[str, Any] = spec.to_dict()
    for key, name in converter.refs.items():
        # A schema may have keywords for its rules over several attributes, of which apispec does not know.
        document["components"]["schemas"][name] |= getattr(key[0], "openapi", {})
    return document


def new_spec(description: Description, version: str) -> "tuple[APISpec, OpenAPIConverter]":
    """Return a document without endpoints, and the converter that adds marshmallow schemas to it."""
    from apispec import APISpec  # noqa: PLC0415  # a server starts without it, and few clients ask for a document
    from apispec.ext.marshmallow import MarshmallowPlugin  # noqa: PLC0415  # likewise

    marshmallow = MarshmallowPlugin()
    spec = APISpec(
        title=description.title,
        version=version,
        openapi_version="3.1.0",
        plugins=[marshmallow],
        info={"description": description.description},
        servers=[{"url": "/"}],
        **description.document,
    )
    converter = marshmallow.converter
    assert converter is not None
    converter.add_attribute_function(_keywords)
    name, meaning = description.tag
    spec.tag({"name": name, "description": meaning})
    spec.components.header("RequestId", _REQUEST_ID)
    for name, scheme in description.security_schemes.items():
        spec.components.security_scheme(name, dict(scheme))
    return spec, converter


def target_errors(endpoint: Endpoint) -> set[int]:
    """Return the statuses of requests whose path or query is longer than the server reads."""
    return {HTTPStatus.REQUEST_URI_TOO_LONG} if endpoint.path.fields or endpoint.query.fields else set()


def error_response(converter: "OpenAPIConverter", status: int, reason: str) -> dict[str, Any]:
    """Return the OpenAPI response object of an error."""
    kind = "api_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
    example = {"type": kind, "message": reason, "documentation_url": DOCUMENTATION + kind}
    headers: dict[str, Any] = {"X-Request-Id": "RequestId"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"schema": {"type": "string", "const": "Bearer"}}
    return {
        "description": reason,
        "headers": headers,
        "content": _content(converter.resolve_nested_schema(ApiErrorSchema()), example),
    }


def _operation(
    description: Description, spec: "APISpec", converter: "OpenAPIConverter", endpoint: Endpoint
) -> dict[str, Any]:
    headers = converter.schema2parameters(endpoint.headers, location="header")
    # In the functions that generators make, an optional header comes before the body, and a call with the body alone
    # would not be possible. So optional headers are described only.
    optional = [each for each in headers if not each["required"]]
    parameters = [
        *converter.schema2parameters(endpoint.path, location="path"),
        *converter.schema2parameters(endpoint.query, location="query"),
        *(each for each in headers if each["required"]),
    ]
    responses = {str(status): _success(converter, endpoint, status) for status in endpoint.statuses}
    for status in sorted(description.errors(endpoint)):
        responses[str(status)] = error_response(converter, status, description.reasons[status])
    shape: dict[str, Any] = {
        "operationId": endpoint.operation.id,
        "tags": [description.tag[0]],
        "summary": endpoint.summary,
        "description": " ".join(
            [
                endpoint.scope.value,
                *(f"Optional header {each['name']}: {each['description']}" for each in optional),
            ]
        ),
        "parameters": parameters,
        "responses": responses,
    }
    if description.security is not None:
        shape["security"] = description.security(endpoint)
    if endpoint.body.fields or (description.requires_body and endpoint.operation.method in ("POST", "PUT")):
        shape["requestBody"] = _request_body(description, spec, endpoint)
    return shape


def _success(converter: "OpenAPIConverter", endpoint: Endpoint, status: int) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": "RequestId"}
    shape: dict[str, Any] = {"description": HTTPStatus(status).phrase, "headers": headers}
    for name, meaning in endpoint.response_headers.items():
        headers[name] = {"description": meaning, "schema": {"type": "string"}}
    if endpoint.response is not None:
        schema = converter.resolve_nested_schema(endpoint.response)
        shape["content"] = _content(schema, endpoint.example)
    elif endpoint.media_type != JSON_TYPE:
        # Tools check each event of a stream against the schema, and OpenAPI 3.1 cannot describe events.
        shape["content"] = {endpoint.media_type: {"schema": {}, "example": endpoint.example}}
    return shape


def _request_body(description: Description, spec: "APISpec", endpoint: Endpoint) -> dict[str, Any]:
    body = endpoint.body
    name = type(body).__name__
    if name not in spec.components.schemas:
        spec.components.schema(name, schema=body)
    content: dict[str, Any] = {}
    for media_type in description.media_types:
        is_text = media_type in TEXT_TYPES
        if is_text:
            spec.components.schema(name + TEXT_TYPES[media_type], _text_schema(body))
        reference = {"$ref": f"#/components/schemas/{name}{TEXT_TYPES.get(media_type, '')}"}
        content[media_type] = {"schema": reference}
        if endpoint.body_example is not None:
            example = endpoint.body_example
            content[media_type]["example"] = _as_text(example) if is_text else example
    shape: dict[str, Any] = {"content": content, "required": description.requires_body}
    if endpoint.body_description:
        shape["description"] = endpoint.body_description
    return shape


def _content(schema: Any, example: Any) -> dict[str, Any]:
    return {JSON_TYPE: {"schema": schema, "example": example}}


def _text_schema(schema: Schema) -> dict[str, Any]:
    properties = {}
    for name, attribute in schema.fields.items():
        assert isinstance(attribute, Attribute)
        meaning = attribute.metadata["description"]
        if attribute.allow_none:
            shape, meaning = attribute.openapi_clearing_text, f"{meaning} An empty text stands for null."
        else:
            shape = attribute.openapi_text
        properties[name] = {**shape, "description": meaning}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _as_text(example: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in example.items()}


def _keywords(_converter: Any, attribute: Any, *, ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return what our attribute types add to ``ret``, the keywords that apispec knows of marshmallow's."""
    if ret.get("default", ...) is None:
        del ret["default"]  # Generators demand an attribute that has a default, and null says nothing.
    return dict(attribute.openapi) if isinstance(attribute, Attribute) else {}
