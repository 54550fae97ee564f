"""The worker: sockets, signals, and requests on a real connection."""

import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent.socket
import httpx
import pytest
from gunicorn.config import Config

from sandbox.server.background_thread import SWITCH_SECONDS
from sandbox.server.worker import GARBAGE_THRESHOLDS, SandboxWorker
from tests.live.conftest import StartServer


@pytest.fixture
def worker() -> Iterator[SandboxWorker]:
    """Yield a worker that was not started."""
    made = SandboxWorker(1, 0, [], None, 0, Config(), logging.getLogger("worker"))
    yield made
    made.tmp.close()


def test_the_worker_uses_gevent_sockets_without_monkey_patching(worker: SandboxWorker) -> None:
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


def test_a_second_signal_is_ignored(worker: SandboxWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    spawned: list[Any] = []
    monkeypatch.setattr("gevent.spawn", lambda *call: spawned.append(call))
    worker.handle_exit(signal.SIGTERM, None)
    worker.handle_quit(signal.SIGINT, None)
    assert len(spawned) == 1


def test_a_worker_seldom_examines_all_objects_for_garbage_and_often_switches_threads(
    worker: SandboxWorker,
) -> None:
    usual, interval = gc.get_threshold(), sys.getswitchinterval()
    worker.app, worker.wsgi, worker.alive = SimpleNamespace(limits=None), None, False
    worker.log = SimpleNamespace(error_log=logging.getLogger("worker"))
    worker.cfg.set("graceful_timeout", 0)
    gc.disable()
    try:
        worker.run()
        assert gc.isenabled()
        assert gc.get_threshold() == GARBAGE_THRESHOLDS
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    finally:
        gc.enable()
        gc.set_threshold(*usual)
        sys.setswitchinterval(interval)


def test_many_requests_of_one_connection_are_answered(start: StartServer) -> None:
    server = start()
    with httpx.Client(base_url=server.address, headers={"Authorization": "Bearer me"}) as client:
        for limit in range(1, 4):
            assert len(client.get(f"/v1/conversations?limit={limit}").json()["data"]) == limit


def test_an_unreadable_request_closes_the_connection(start: StartServer) -> None:
    server = start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"hello\r\n\r\n")
        response = client.makefile("rb").read()
    assert response.startswith(b"HTTP/1.1 400 Bad Request\r\n")
