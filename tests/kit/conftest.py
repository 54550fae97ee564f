"""Fixtures for the tests of the kit: a server of its own, and a client of its sandboxes."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from protocol_sandbox import Sandbox, Server

Send = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def kit_server() -> Iterator[Server]:
    """Start one server for all tests that do not change the server itself."""
    with Server(scenario="documented") as server:
        yield server


@pytest.fixture
def world(kit_server: Server) -> Sandbox:
    """Return a sandbox that no other test uses."""
    return kit_server.world()


@pytest.fixture
def send(world: Sandbox) -> Send:
    """Return a client of the API: ``send("POST", data={"contact_id": "a"})`` calls ``/v1/conversations``."""

    def make(method: str, path: str = "", **arguments: object) -> httpx.Response:
        url = f"{world.url}/v1/conversations{path}"
        return httpx.request(method, url, headers=dict(world.headers), **arguments)  # type: ignore[arg-type]  # httpx's

    return make
