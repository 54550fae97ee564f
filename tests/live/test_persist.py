"""Worlds in a file: nothing that was answered is lost, however the server ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from tests.live.server import SANDBOX, TIMEOUT_SECONDS, Server, environment, run, wait_until
from tests.live.test_restarts import worker_of

ME = {"Authorization": "Bearer me"}
LIST = "/v1/conversations"
CLIENTS = 4

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="the worker is found in /proc, which is Linux's"
)

Start = Callable[[], Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start()`` starts a server on the file of this test; it may log, unlike those of other tests."""
    servers: list[Server] = []

    def start_server() -> Server:
        words = [*SANDBOX, "--port", "0", "--scenario", "blank", "--persist", "worlds.db"]
        server = Server(words, environment(), tmp_path, tmp_path / f"log-{len(servers)}")
        servers.append(server)
        server.read_banner()
        return server

    yield start_server
    for server in servers:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.end()


def connect(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.address, headers=ME, timeout=TIMEOUT_SECONDS)


class Writer:
    """A client that creates, mutes and deletes conversations, one request after the other, until the server is killed.

    It sets ``enough`` when it has made some, and ends when ``is_killed`` is set, if its connection has survived.
    ``answered`` has the attribute is_muted of each conversation by its contact, or None if it was deleted, as the last
    answer says. ``pending`` is the contact of the request that was not answered.
    """

    def __init__(self, name: str, address: str, enough: Event, is_killed: Event) -> None:
        self.name = name
        self.answered: dict[str, bool | None] = {}
        self.pending: str | None = None
        self._address = address
        self._enough = enough
        self._is_killed = is_killed

    def run(self) -> None:
        with (
            suppress(httpx.TransportError),
            httpx.Client(base_url=self._address, headers=ME, timeout=TIMEOUT_SECONDS) as client,
        ):
            for number in count():
                if self._is_killed.is_set():
                    break
                contact = self.pending = f"{self.name}-{number}"
                created = client.post(LIST, json={"contact_id": contact}).raise_for_status().json()
                self.answered[contact] = False
                if number % 3 == 1:
                    client.put(f"{LIST}/{created['id']}", json={"is_muted": True}).raise_for_status()
                    self.answered[contact] = True
                if number % 3 == 2:
                    client.delete(f"{LIST}/{created['id']}").raise_for_status()
                    self.answered[contact] = None
                if number == 30:
                    self._enough.set()
                self.pending = None


def write_until_killed(server: Server, kill: Callable[[], None]) -> list[Writer]:
    """Let several clients write, kill in the midst of it, and return the clients."""
    enough, is_killed = Event(), Event()
    writers = [Writer(f"client{number}", server.address, enough, is_killed) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(writer.run) for writer in writers]
        assert enough.wait(TIMEOUT_SECONDS)
        kill()
        is_killed.set()
        for each in running:
            each.result(TIMEOUT_SECONDS)
    return writers


def assert_nothing_is_lost(server: Server, writers: list[Writer]) -> None:
    """Compare what was answered with what is there: nothing is lost, and nothing is there twice."""
    with connect(server) as client:
        state = client.get("/__admin/state").json()
        calls = client.get("/__admin/requests/count").json()["count"]
    there: dict[str, bool] = {each["contact_id"]: each["is_muted"] for each in state["conversations"]}
    assert len(there) == len(state["conversations"])
    assert len({each["id"] for each in state["conversations"]}) == len(there)
    answers = 0
    for writer in writers:
        for contact, is_muted in writer.answered.items():
            answers += 1 + (is_muted is not False)
            if contact != writer.pending:
                assert there.pop(contact, None) == is_muted
    assert sum(len(writer.answered) for writer in writers) > 30
    # Requests that were not answered may have been carried out, but only once, and only the last one of each client.
    assert set(there) <= {writer.pending for writer in writers}
    assert answers <= calls <= answers + CLIENTS


@on_linux
def test_nothing_is_lost_if_worker_and_server_are_killed(start: Start) -> None:
    server = start()

    def kill() -> None:
        worker = worker_of(server)
        os.kill(server.process.pid, signal.SIGKILL)
        os.kill(worker, signal.SIGKILL)

    writers = write_until_killed(server, kill)
    assert_nothing_is_lost(start(), writers)


@on_linux
def test_nothing_is_lost_if_the_worker_is_killed(start: Start) -> None:
    server = start()
    dead = worker_of(server)
    writers = write_until_killed(server, lambda: os.kill(dead, signal.SIGKILL))
    wait_until(lambda: worker_of_or_none(server) not in {None, dead})
    # Those whose connections were not broken yet go on with the next worker.
    assert_nothing_is_lost(server, writers)
    assert "The worker died and was started again, with the sandboxes of --persist." in server.log
    assert "lost" not in server.log


def worker_of_or_none(server: Server) -> int | None:
    try:
        return worker_of(server)
    except ValueError:
        return None


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_lost_by_a_restart(start: Start, tmp_path: Path, signum: signal.Signals) -> None:
    server = start()
    with connect(server) as client:
        client.put("/__admin/clock", json={"action": "freeze", "at": 5})
        created = client.post(LIST, json={"contact_id": "kept"}).json()
        client.post("/__admin/faults", json={"times": 2, "fault": {"type": "status", "status": 503}})
        assert client.get(LIST).status_code == 503
        world = client.post("/__admin/worlds", json={"name": "checkout", "ttl_seconds": 600}).json()
        before = picture(client)
    assert server.end(signum) == 0
    assert server.log == ""
    # A copy of the file is a backup then.
    assert [path.name for path in tmp_path.glob("worlds.db*")] == ["worlds.db"]
    with connect(start()) as client:
        assert picture(client) == before
        assert [client.get(f"{LIST}/{created['id']}").status_code for _ in range(2)] == [503, 200]
        again = client.get(LIST, headers={"Authorization": f"Bearer {world['token']}"})
        assert again.status_code == 200
        listed = client.get("/__admin/sandboxes").json()["data"]
    assert {each["name"] for each in listed} == {None, "checkout"}


def picture(client: httpx.Client) -> dict[str, Any]:
    """Return what the control API shows of a world, without what belongs to the process."""
    shown = {path: client.get(f"/__admin/{path}").json() for path in ("state", "requests", "faults", "clock")}
    del shown["requests"]["boot_id"]
    return shown


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{}" * 500, "is not a file of this server; name another file."),
        (None, "cannot be used: unable to open database file."),
    ],
)
def test_unusable_file_is_refused_in_one_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "worlds.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    refused = run("--port", "0", "--persist", "worlds.db", folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == f"protocol-sandbox: --persist worlds.db {reason}\n"
    assert refused.stdout == ""


def test_second_server_on_the_same_file_is_refused(start: Start, tmp_path: Path) -> None:
    start()
    refused: subprocess.CompletedProcess[str] = run("--port", "0", "--persist", "worlds.db", folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == "protocol-sandbox: --persist worlds.db is in use by another server.\n"
