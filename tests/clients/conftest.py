"""The fixtures of a server, and of the document that generators read."""

from pathlib import Path

import httpx
import pytest

from tests.clients.lifecycle import Lifecycle
from tests.live.conftest import server, token
from tests.live.server import Server

__all__ = ["document", "server", "token"]


@pytest.fixture
def document(server: Server, tmp_path: Path) -> Path:
    """Return the path of a file with the OpenAPI document that the server sends."""
    path = tmp_path / "openapi.json"
    path.write_bytes(httpx.get(f"{server.address}/openapi.json").content)
    return path


@pytest.fixture
def lifecycle(server: Server, token: str, document: Path) -> Lifecycle:
    """Return the arguments of a driver, and the check of its output."""
    return Lifecycle(server, token, document)
