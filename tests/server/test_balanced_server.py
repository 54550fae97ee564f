"""Connections are accepted by the worker that has fewer."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import gevent.socket
import pytest

from sandbox.server.balanced_server import BalancedServer

Accept = Callable[..., list[str]]


@pytest.fixture
def listener() -> Iterator[Any]:
    with gevent.socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def accepted(listener: Any) -> Iterator[Accept]:
    """``accepted(name=is_ahead, ...)``: the names of the servers that accepted each of four connections."""
    servers: list[BalancedServer] = []

    def accept(**servers_by_name: Callable[[], bool]) -> list[str]:
        names: list[str] = []
        for name, is_ahead in servers_by_name.items():

            def handle(client: Any, _: Any, name: str = name) -> None:
                names.append(name)
                client.close()

            duplicate = gevent.socket.socket(fileno=listener.dup().detach())
            servers.append(BalancedServer(duplicate, handle, is_ahead))
            servers[-1].start()
        for _ in range(4):
            with socket.create_connection(listener.getsockname()[:2]) as client:
                client.setblocking(False)
                gevent.socket.wait_read(client.fileno(), timeout=30)
        return names

    yield accept
    for server in servers:
        server.stop()


def test_connections_are_left_to_another_server_by_one_that_is_ahead(
    accepted: Accept,
) -> None:
    assert accepted(ahead=lambda: True, behind=lambda: False) == ["behind"] * 4


def test_a_server_that_is_ahead_accepts_what_nobody_else_does(accepted: Accept) -> None:
    assert accepted(alone=lambda: True) == ["alone"] * 4
