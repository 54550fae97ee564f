"""Fixtures that start servers, for this folder and the ones beside it."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.live.server import SANDBOX, Server, environment
from tests.live.store_machines import Machines
from tests.valkey_server import ValkeyServer

TOKENS = count(1)

StartServer = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """``start("--scenario", "blank", SANDBOX_SEED="1")``: start a server for one test, on a free port.

    ``command`` replaces ``python -m sandbox`` with another command that prints no banner and listens at ``address``.
    After the test each server is ended by its id. It must exit with status 0 and must not have logged a traceback or
    a warning; ``python -m sandbox`` must not have logged anything.
    """
    yield from server_factory(tmp_path)


def server_factory(folder: Path) -> Iterator[StartServer]:
    """Implement the fixture ``start``, for fixtures of a wider scope."""
    servers: list[Server] = []

    def start_server(
        *flags: str, command: list[str] | None = None, address: str = "", cwd: Path = folder, **variables: str
    ) -> Server:
        words = command or [*SANDBOX, "--port", "0", *flags]
        server = Server(words, environment(**variables), cwd, folder / f"server-{len(servers)}.log")
        servers.append(server)
        if address:
            server.wait_for_response(address)
        else:
            server.read_banner()
        return server

    try:
        yield start_server
    finally:
        statuses = [server.end() for server in servers]
    assert statuses == [0] * len(servers), [server.log for server in servers]
    for server in servers:
        assert "Traceback" not in server.log
        assert "Warning" not in server.log
        assert server.log == "" or not server.is_sandbox


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start one server for all tests that do not change the server itself; each uses its own token."""
    for start in server_factory(tmp_path_factory.mktemp("server")):
        yield start()


@pytest.fixture
def token() -> str:
    """Return a token, and so a sandbox, that no other test uses."""
    return f"live-{next(TOKENS)}"


@pytest.fixture(scope="session")
def shared_machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Start two servers of two workers each on one store, with bounds that tests reach."""
    folder = tmp_path_factory.mktemp("machines")
    store = ValkeyServer(folder / "valkey")
    flags = ["--scenario", "blank", "--journal-entries", "60"]
    flags += ["--max-conversations", "52", "--max-rules", "12", "--max-snapshots", "6"]
    machines = Machines(folder, store.url, *flags)
    yield machines
    statuses = machines.end()
    store.end()
    assert statuses == [0, 0]
    assert [server.log for server in machines.servers] == ["", ""]


@pytest.fixture
def machines(shared_machines: Machines) -> Iterator[Machines]:
    """Return the servers on one store for a test that uses its own token and leaves no server-wide rule."""
    yield shared_machines
    shared_machines.close_clients()
