"""What the two OpenAPI documents share."""

import subprocess
import sys

import pytest
from flask import Flask

from tests.openapi import fetched

STARTED = """
import sys
from sandbox import Settings, create_app
client = create_app(Settings()).test_client()
assert client.get("/v1/conversations", headers={"Authorization": "Bearer me"}).status_code == 200
assert "apispec" not in sys.modules
assert client.get("/openapi.json").status_code == 200
assert "apispec" in sys.modules
"""


@pytest.mark.parametrize(
    ("kind", "name"), [("schemas", "Conversation"), ("schemas", "Error"), ("headers", "RequestId")]
)
def test_both_documents_say_the_same_of_what_both_have(shared_app: Flask, kind: str, name: str) -> None:
    first, second = (fetched(shared_app, path) for path in ("/openapi.json", "/__admin/openapi.json"))
    assert first["components"][kind][name] == second["components"][kind][name]


def test_a_server_starts_and_answers_without_what_makes_documents() -> None:
    subprocess.run([sys.executable, "-c", STARTED], check=True)
