"""Helpers that read an OpenAPI document."""

from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker

from sandbox.schemas.http_date import is_http_date

JSON = "application/json"

Document = dict[str, Any]

FORMATS = FormatChecker(())
FORMATS.checks("http-date")(lambda value: not isinstance(value, str) or is_http_date(value))


def fetch_document(app: Flask, path: str) -> Document:
    """Return the document that ``app`` serves at ``path``."""
    response = app.test_client().get(path)
    assert response.status_code == 200
    assert response.content_type == JSON
    document: Document = response.get_json()
    return document


def operations_by_id(document: Document) -> dict[str, Document]:
    """Return the operations of ``document`` by id."""
    return {shape["operationId"]: shape for path in document["paths"].values() for shape in path.values()}


def resolve(document: Document, shape: Any) -> Any:
    """Return ``shape``, or what its reference points to."""
    while isinstance(shape, dict) and "$ref" in shape:
        target: Any = document
        for step in shape["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        shape = target
    return shape


def validator_of(document: Document, schema: Document) -> Draft202012Validator:
    """Return a validator for a schema of ``document``."""
    return Draft202012Validator(schema | {"components": document["components"]}, format_checker=FORMATS)
