"""The client that openapi-generator generates for Java, with the library that can send null."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import Lifecycle
from tests.clients.programs import MavenProject, PythonProject

pytestmark = [pytest.mark.clients, pytest.mark.needs("javac"), pytest.mark.needs("mvn")]

GENERATE = ("generate", "-g", "java", "--library", "native", "-o", "client", "-i")
FORMS = ("--global-property", "skipFormModel=false")
"""Generates the classes of forms as well, which the client imports in any case. See the README."""


def test_client_compiles_and_works(lifecycle: Lifecycle, document: Path, tmp_path: Path) -> None:
    generator = PythonProject(tmp_path, "openapi-generator-cli")
    generator.run("openapi-generator-cli", *GENERATE, document, *FORMS)
    output = MavenProject(tmp_path / "client").drive("OpenapiGeneratorJava.java", *lifecycle.arguments)
    assert lifecycle.check(output) == []
