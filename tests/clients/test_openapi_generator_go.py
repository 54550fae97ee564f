"""The client that openapi-generator generates for Go."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import Lifecycle
from tests.clients.programs import GoProject, PythonProject

pytestmark = [pytest.mark.clients, pytest.mark.needs("go")]


def test_client_compiles_and_works(lifecycle: Lifecycle, document: Path, tmp_path: Path) -> None:
    generator = PythonProject(tmp_path, "openapi-generator-cli")
    generator.run("openapi-generator-cli", "generate", "-i", document, "-g", "go", "-o", "client")
    output = GoProject(tmp_path / "client").drive("openapi_generator_go.go", *lifecycle.arguments)
    assert lifecycle.check(output) == []
