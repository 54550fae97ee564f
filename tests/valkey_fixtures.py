"""A pytest plugin: fixtures that start Valkey servers, when the first test asks for one."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.valkey_server import ValkeyCluster, ValkeyServer

StartValkey = Callable[..., ValkeyServer]


@pytest.fixture
def start_valkey(tmp_path: Path) -> Iterator[StartValkey]:
    """``start_valkey(requirepass="secret")``: start a server for one test, which is ended after it."""
    servers: list[ValkeyServer] = []
    numbers = count(1)

    def start(**options: Any) -> ValkeyServer:
        servers.append(ValkeyServer(tmp_path / f"valkey-{next(numbers)}", **options))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture(scope="session")
def shared_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """Start one server for the tests of this process."""
    server = ValkeyServer(tmp_path_factory.mktemp("valkey"))
    yield server
    server.end()


@pytest.fixture
def valkey(shared_valkey: ValkeyServer) -> ValkeyServer:
    """Return a server that has no data and no functions."""
    shared_valkey.run("FLUSHALL")
    shared_valkey.run("FUNCTION FLUSH")
    return shared_valkey


@pytest.fixture(scope="session")
def shared_valkey_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyCluster]:
    """Start one cluster for the tests of this process."""
    cluster = ValkeyCluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.end()


@pytest.fixture
def valkey_cluster(shared_valkey_cluster: ValkeyCluster) -> ValkeyCluster:
    """Return a cluster of three primaries that has no data and no functions."""
    shared_valkey_cluster.wait_until_up()
    for server in shared_valkey_cluster.servers:
        server.run("FLUSHALL")
        server.run("FUNCTION FLUSH")
    return shared_valkey_cluster
