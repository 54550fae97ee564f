"""The client that @hey-api/openapi-ts generates."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import Lifecycle
from tests.clients.programs import NodeProject

pytestmark = [pytest.mark.clients, pytest.mark.needs("node"), pytest.mark.needs("npm")]


def test_client_compiles_and_works(lifecycle: Lifecycle, document: Path, tmp_path: Path) -> None:
    options = {"module": "commonjs", "moduleResolution": "node10"}
    project = NodeProject(tmp_path, "@hey-api/openapi-ts", module="commonjs", compiler_options=options)
    project.run("openapi-ts", "--input", document, "--output", "client")
    output = project.drive("hey_api.ts", *lifecycle.arguments)
    assert lifecycle.check(output) == []
