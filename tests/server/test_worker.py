"""The worker: errors for malformed requests, its sockets, its shutdown, and keep-alive."""

import json
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
from gunicorn.http import errors

from sandbox.server.worker import SandboxWorker
from tests.live.conftest import StartServer


@pytest.fixture
def worker() -> Iterator[SandboxWorker]:
    """Return a worker that was not started."""
    made = SandboxWorker(1, 0, [], None, 0, Config(), logging.getLogger("worker"))
    yield made
    made.tmp.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return the server's and the client's end of a connection."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequestLine("hello"), 400),
        (errors.LimitRequestLine(9000, 4094), 414),
        (errors.LimitRequestHeaders("too many"), 431),
        (errors.UnsupportedTransferCoding("snail"), 501),
        (RuntimeError("a defect"), 500),
    ],
)
def test_malformed_request_gets_an_error_in_the_documented_shape(
    worker: SandboxWorker, ends: tuple[socket.socket, socket.socket], error: Exception, status: int
) -> None:
    ours, theirs = ends
    worker.handle_error(None, ours, ("127.0.0.1", 1), error)
    ours.close()
    head, _, body = theirs.makefile("rb").read().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    assert f"Content-Length: {len(body)}" in lines
    assert "Connection: close" in lines
    assert "Access-Control-Allow-Origin: *" in lines
    assert any(line.startswith("X-Request-Id: ") for line in lines)
    assert list(json.loads(body)) == ["type", "message", "documentation_url"]


def test_only_defects_are_logged(
    worker: SandboxWorker, ends: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    worker.handle_error(None, ends[0], None, errors.InvalidRequestLine("hello"))
    assert caplog.records == []
    worker.handle_error(None, ends[0], None, RuntimeError("a defect"))
    assert "a defect" in caplog.text


def test_disconnected_client_is_not_logged(
    worker: SandboxWorker, ends: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = ends
    theirs.close()
    worker.handle_error(None, ours, None, errors.InvalidRequestLine("hello"))
    assert caplog.records == []


def test_patch_replaces_the_listeners_but_not_the_socket_module(worker: SandboxWorker) -> None:
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


def test_second_signal_is_ignored(worker: SandboxWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    spawned: list[Any] = []
    monkeypatch.setattr("gevent.spawn", lambda *call: spawned.append(call))
    worker.handle_exit(signal.SIGTERM, None)
    worker.handle_quit(signal.SIGINT, None)
    assert len(spawned) == 1


def test_connection_serves_many_requests(start: StartServer) -> None:
    server = start()
    with httpx.Client(base_url=server.address, headers={"Authorization": "Bearer me"}) as client:
        for limit in range(1, 4):
            assert len(client.get(f"/v1/conversations?limit={limit}").json()["data"]) == limit


def test_malformed_request_closes_the_connection(start: StartServer) -> None:
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"hello\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
