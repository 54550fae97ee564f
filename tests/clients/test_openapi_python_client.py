"""The client that openapi-python-client generates."""

from pathlib import Path

import pytest

from tests.clients.lifecycle import Lifecycle
from tests.clients.programs import DRIVERS, PythonProject

pytestmark = pytest.mark.clients


def test_client_works_with_each_type_of_a_body(lifecycle: Lifecycle, document: Path, tmp_path: Path) -> None:
    project = PythonProject(tmp_path, "openapi-python-client")
    project.run("openapi-python-client", "generate", "--path", document, "--output-path", "client")
    project.install("./client")
    output = project.run("python", DRIVERS / "openapi_python_client.py", *lifecycle.arguments)
    calls = lifecycle.check(output)
    assert [
        (call["operation"], call["status"], call["headers"]["Content-Type"].partition(";")[0])
        for call in calls
    ] == [
        ("createConversation", 201, "application/x-www-form-urlencoded"),
        ("updateConversation", 200, "application/x-www-form-urlencoded"),
        ("createConversation", 201, "multipart/form-data"),
        ("updateConversation", 200, "multipart/form-data"),
    ]
