"""Reading an OpenAPI document as a test does."""

from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator

JSON = "application/json"

Document = dict[str, Any]


def fetched(app: Flask, path: str) -> Document:
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert answer.content_type == JSON
    document: Document = answer.get_json()
    return document


def operations(document: Document) -> dict[str, Document]:
    """The operations of ``document``, by id."""
    return {shape["operationId"]: shape for path in document["paths"].values() for shape in path.values()}


def resolved(document: Document, shape: Any) -> Any:
    """``shape``, or what it refers to."""
    while isinstance(shape, dict) and "$ref" in shape:
        target: Any = document
        for step in shape["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        shape = target
    return shape


def validator(document: Document, schema: Document) -> Draft202012Validator:
    """What holds values against a schema of ``document``."""
    return Draft202012Validator(schema | {"components": document["components"]})
