"""The client that openapi-generator generates for Python."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import check
from tests.clients.programs import DRIVERS, PythonProject
from tests.live.server import Server

pytestmark = pytest.mark.clients


def test_client_works(server: Server, token: str, document: Path, tmp_path: Path) -> None:
    project = PythonProject(tmp_path, "openapi-generator-cli")
    project.run("openapi-generator-cli", "generate", "-i", document, "-g", "python", "-o", "client")
    project.install("./client")
    output = project.run("python", DRIVERS / "openapi_generator_python.py", server.address, token)
    assert check(output, server, token) == []
