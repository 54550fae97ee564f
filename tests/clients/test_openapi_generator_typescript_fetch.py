"""The client that openapi-generator generates for fetch."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import Lifecycle
from tests.clients.programs import NodeProject, PythonProject

pytestmark = [pytest.mark.clients, pytest.mark.needs("node"), pytest.mark.needs("npm")]

GENERATE = ("generate", "-g", "typescript-fetch", "-o", "client", "-i")
FORMS = ("--global-property", "skipFormModel=false")
"""Generates the classes of forms as well, which the client imports in any case. See the README."""


def test_client_compiles_and_works(lifecycle: Lifecycle, document: Path, tmp_path: Path) -> None:
    generator = PythonProject(tmp_path, "openapi-generator-cli")
    generator.run("openapi-generator-cli", *GENERATE, document, *FORMS)
    options = {"module": "commonjs", "moduleResolution": "node10"}
    project = NodeProject(tmp_path, module="commonjs", compiler_options=options)
    output = project.drive("openapi_generator_typescript_fetch.ts", *lifecycle.arguments)
    assert lifecycle.check(output) == []
