"""The components that both OpenAPI documents share, and the late import of apispec."""

import subprocess
import sys

import pytest
from flask import Flask

from tests.openapi import fetch_document

SCRIPT = """
import sys
from sandbox import Settings, create_app
client = create_app(Settings()).test_client()
assert client.get("/v1/conversations", headers={"Authorization": "Bearer me"}).status_code == 200
assert "apispec" not in sys.modules
assert client.get("/openapi.json").status_code == 200
assert "apispec" in sys.modules
"""


@pytest.mark.parametrize(
    ("kind", "name"), [("schemas", "Conversation"), ("schemas", "ApiError"), ("headers", "RequestId")]
)
def test_components_of_both_documents_are_equal(shared_app: Flask, kind: str, name: str) -> None:
    first, second = (fetch_document(shared_app, path) for path in ("/openapi.json", "/__admin/openapi.json"))
    assert first["components"][kind][name] == second["components"][kind][name]


def test_apispec_is_not_imported_until_a_document_is_requested() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
