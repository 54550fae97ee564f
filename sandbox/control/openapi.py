"""OpenAPI 3.1 of the control API, at ``/__admin/openapi.json``: made from the table that routes."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask

from sandbox.api.specification import error_response, new_spec, serve
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.control.guard import HEALTH, TOKEN_HEADER
from sandbox.problems import JSON_TYPE

if TYPE_CHECKING:
    from apispec import APISpec
    from apispec.ext.marshmallow.openapi import OpenAPIConverter

PATH = "/__admin/openapi.json"

REASONS = {
    400: "An attribute is unknown, missing or not what it must be, or no token says whose sandbox is meant.",
    403: "The guard refused: not from this machine, from a page of another origin, or without the admin token.",
    404: "There is no such thing (any more).",
    413: "The body is larger than the server reads.",
    415: "The body is not JSON.",
    503: "All sandboxes are in use and none is idle.",
    507: "A bound of the sandbox is met; the message says which.",
}


def register(app: Flask, endpoints: Iterable[Endpoint], version: str) -> None:
    """Serve the document."""
    serve(app, PATH, "control.openapi", lambda: build(endpoints, version))


def build(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The OpenAPI document of ``endpoints``."""
    description = "Steers the sandbox of a bearer token: what test suites and tools call."
    spec, converter = new_spec("Control API of protocol-sandbox", version, description)
    spec.components.security_scheme("sandbox", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("admin", {"type": "apiKey", "in": "header", "name": TOKEN_HEADER})
    for endpoint in endpoints:
        spec.path(endpoint.path, operations={endpoint.method.lower(): _operation(spec, converter, endpoint)})
    return spec.to_dict()


def _operation(spec: "APISpec", converter: "OpenAPIConverter", endpoint: Endpoint) -> dict[str, Any]:
    parameters = [
        {"in": "path", "name": part.strip("{}"), "required": True, "schema": {"type": "string"}}
        for part in endpoint.path.split("/")
        if part.startswith("{")
    ]
    parameters += converter.schema2parameters(endpoint.query, location="query")
    shape: dict[str, Any] = {
        "operationId": endpoint.id,
        "summary": " ".join((endpoint.view.__doc__ or "").split()),
        "description": endpoint.scope.value,
        "parameters": parameters,
        "security": _security(endpoint),
        "responses": _successes(endpoint)
        | {str(status): error_response(status, REASONS[status]) for status in statuses(endpoint)},
    }
    if endpoint.body.fields:
        name = type(endpoint.body).__name__
        if name not in spec.components.schemas:
            spec.components.schema(name, schema=endpoint.body)
        required = not endpoint.body.partial and any(
            field.required for field in endpoint.body.fields.values()
        )
        schema = {"$ref": f"#/components/schemas/{name}"}
        shape["requestBody"] = {"content": {JSON_TYPE: {"schema": schema}}, "required": required}
    return shape


def statuses(endpoint: Endpoint) -> list[int]:
    """How a call of ``endpoint`` may be refused."""
    refused = {400, *endpoint.refusals}
    if endpoint.path != HEALTH:
        refused.add(403)
    if endpoint.method in ("POST", "PUT"):
        refused |= {413, 415}
    if endpoint.scope is not Scope.SERVER:
        refused.add(503)
    return sorted(refused)


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    if endpoint.path == HEALTH:
        return []
    if endpoint.scope is Scope.SERVER:
        return [{"admin": []}, {}]
    return [{"sandbox": [], "admin": []}, {"sandbox": []}, *([{}] if endpoint.scope is Scope.EITHER else [])]


def _successes(endpoint: Endpoint) -> dict[str, Any]:
    statuses = [endpoint.success] if endpoint.also is None else [endpoint.success, endpoint.also]
    return {str(status): _success(endpoint, status) for status in statuses}


def _success(endpoint: Endpoint, status: int) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "headers": {"X-Request-Id": "RequestId"},
    }
    if endpoint.example is not None:
        schema = schema_of(endpoint.example) if endpoint.shape is None else dict(endpoint.shape)
        shape["content"] = {JSON_TYPE: {"schema": schema, "example": endpoint.example}}
    return shape


def schema_of(example: Any) -> dict[str, Any]:
    """The JSON Schema of answers that look like ``example``: same keys, same types; null stands for anything."""
    if isinstance(example, dict):
        properties = {name: schema_of(value) for name, value in example.items()}
        return {"type": "object", "properties": properties, "required": list(example)}
    if isinstance(example, list):
        return {"type": "array", "items": schema_of(example[0])} if example else {"type": "array"}
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(example, kind):
            return {"type": name}
    return {}
