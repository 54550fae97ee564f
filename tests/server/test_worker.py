"""The worker: its sockets, its end, and requests on a real connection."""

import logging
import signal
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent.socket
import httpx
import pytest
from gunicorn.config import Config

from sandbox.server.worker import SandboxWorker
from tests.live.conftest import Start


@pytest.fixture
def worker() -> Iterator[SandboxWorker]:
    """A worker that was not started."""
    made = SandboxWorker(1, 0, [], None, 0, Config(), logging.getLogger("worker"))
    yield made
    made.tmp.close()


def test_it_uses_gevent_s_sockets_and_does_not_patch_python_s(worker: SandboxWorker) -> None:
    original = socket.socket
    with socket.create_server(("127.0.0.1", 0)) as listener:
        name = listener.getsockname()
        worker.sockets = [SimpleNamespace(FAMILY=socket.AF_INET, sock=listener)]
        worker.patch()
        (patched,) = worker.sockets
        assert isinstance(patched, gevent.socket.socket)
        assert patched.getsockname() == name
        patched.close()
    assert socket.socket is original


def test_a_second_signal_while_it_ends_is_ignored(
    worker: SandboxWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawned: list[Any] = []
    monkeypatch.setattr("gevent.spawn", lambda *call: spawned.append(call))
    worker.handle_exit(signal.SIGTERM, None)
    worker.handle_quit(signal.SIGINT, None)
    assert len(spawned) == 1


def test_many_requests_of_one_connection_are_answered(start: Start) -> None:
    server = start()
    with httpx.Client(base_url=server.address, headers={"Authorization": "Bearer me"}) as client:
        for limit in range(1, 4):
            assert len(client.get(f"/v1/conversations?limit={limit}").json()["data"]) == limit


def test_an_unreadable_request_closes_the_connection(start: Start) -> None:
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"hello\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
