"""The client that openapi-generator generates for Python."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import Lifecycle
from tests.clients.programs import DRIVERS, PythonProject

pytestmark = pytest.mark.clients


def test_client_works(lifecycle: Lifecycle, document: Path, tmp_path: Path) -> None:
    project = PythonProject(tmp_path, "openapi-generator-cli")
    project.run("openapi-generator-cli", "generate", "-i", document, "-g", "python", "-o", "client")
    project.install("./client")
    output = project.run("python", DRIVERS / "openapi_generator_python.py", *lifecycle.arguments)
    assert lifecycle.check(output) == []
