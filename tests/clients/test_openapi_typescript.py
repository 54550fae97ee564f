"""The types that openapi-typescript generates, in a client of openapi-fetch."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import Lifecycle
from tests.clients.programs import NodeProject

pytestmark = [pytest.mark.clients, pytest.mark.needs("node"), pytest.mark.needs("npm")]


def test_client_compiles_and_works(lifecycle: Lifecycle, document: Path, tmp_path: Path) -> None:
    packages = ("openapi-typescript", "openapi-fetch")
    project = NodeProject(tmp_path, *packages, module="module", compiler_options={"module": "nodenext"})
    project.run("openapi-typescript", document, "--output", "schema.d.ts")
    output = project.drive("openapi_typescript.ts", *lifecycle.arguments)
    assert lifecycle.check(output) == []
