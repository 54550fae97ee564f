"""Several workers: they share connections, end together, and one that dies is replaced."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.kit.processes import session_of, wait_for_end
from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, Server, environment, wait_until

COMMAND = (sys.executable, str(REPOSITORY / "tests" / "live" / "workers_server.py"))
MAX_SECONDS = 4.0
"""Upper bound for busy machines. Half a second is usual."""

Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """``start(3)``: start a server with three workers, which may log."""
    servers: list[Server] = []

    def started(workers: int, mode: str = "") -> Server:
        server = Server([*COMMAND, str(workers), mode], environment(), tmp_path, tmp_path / "log")
        servers.append(server)
        if mode != "late":
            server.read_banner()
        return server

    yield started
    for server in servers:
        server.end()


def workers_of(server: Server) -> set[int]:
    """Return the process ids of the workers."""
    pid = server.process.pid
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def ask(client: httpx.Client, path: str = "/") -> tuple[str, dict[str, Any]]:
    """Return the request id and the document of a response."""
    response = client.get(path)
    assert response.status_code == 200
    return response.headers["X-Request-Id"], json.loads(response.content)


def test_banner_is_printed_once_when_all_workers_are_ready(start: Start) -> None:
    server = start(3, "late")
    server.read_banner()
    assert sorted(server.banner[:3]) == sorted(f"begun {pid}" for pid in workers_of(server))
    assert server.end() == 0
    assert server.banner[3:] == [f"listening on {server.address}", "Ctrl-C stops it."]
    assert server.log == ""


def test_open_connections_are_shared_evenly(start: Start) -> None:
    server = start(4)
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=server.address)) for _ in range(64)]
        counts = Counter(ask(client)[1]["pid"] for client in clients)
    assert set(counts) == workers_of(server)
    # 14 to 18 each is usual; without balance, one of them may have none.
    assert min(counts.values()) >= 8


def test_ids_of_all_workers_are_different(start: Start) -> None:
    server = start(3)
    answers: list[tuple[str, dict[str, Any]]] = []
    with ExitStack() as stack:
        for _ in range(24):
            client = stack.enter_context(httpx.Client(base_url=server.address))
            answers += [ask(client) for _ in range(4)]
    documents = [document for _, document in answers]
    assert all(document["multiprocess"] for document in documents)
    assert len({document["pid"] for document in documents}) == 3
    assert len({document["boot"] for document in documents}) == 3
    assert len({request_id for request_id, _ in answers}) == len(answers)
    assert len({document["random"] for document in documents}) == len(answers)
    for request_id, document in answers:
        assert request_id.startswith(f"{document['boot']}-")


def test_worker_that_is_killed_is_replaced_while_the_others_answer(start: Start) -> None:
    server = start(3)
    before = workers_of(server)
    dead = min(before)
    os.kill(dead, signal.SIGKILL)
    for _ in range(20):
        with httpx.Client(base_url=server.address, timeout=TIMEOUT_SECONDS) as client:
            assert ask(client)[1]["pid"] != dead
    wait_until(lambda: "started again" in server.log)
    after = workers_of(server)
    assert len(after) == 3
    assert after & before == before - {dead}
    assert "A worker died and was started again, with the sandboxes of --store." in server.log
    assert server.end() == 0
    assert server.banner.count("Ctrl-C stops it.") == 1


def test_replaced_worker_gets_the_new_connections(start: Start) -> None:
    server = start(2)
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=server.address)) for _ in range(20)]
        first = Counter(ask(client)[1]["pid"] for client in clients)
        dead = min(first)
        os.kill(dead, signal.SIGKILL)
        wait_until(lambda: "started again" in server.log)
        (heir,) = workers_of(server) - set(first)
        more: Counter[int] = Counter()
        # Mostly six are enough; on a busy machine the new worker may accept later than the other one.
        while more[heir] < 4 and more.total() < 40:
            more[ask(stack.enter_context(httpx.Client(base_url=server.address)))[1]["pid"]] += 1
        assert more[heir] == 4


@pytest.mark.parametrize("sign", [signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2, signal.SIGWINCH])
def test_signals_neither_add_nor_remove_workers(start: Start, sign: signal.Signals) -> None:
    server = start(2)
    before = workers_of(server)
    server.process.send_signal(sign)
    for _ in range(10):
        httpx.get(server.address)
    assert workers_of(server) == before
    assert server.end(signal.SIGHUP) == 0
    assert server.log == ""


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_signal_ends_all_workers_at_once_with_many_calls_in_progress(
    start: Start, sign: signal.Signals
) -> None:
    server = start(3)
    workers = workers_of(server)
    with ExitStack() as stack:
        for _ in range(300):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(b"GET /sleep HTTP/1.1\r\nHost: localhost\r\n\r\n")
        httpx.get(server.address)
        began = time.monotonic()
        assert server.end(sign) == 0
        assert time.monotonic() - began < MAX_SECONDS
    wait_for_end(*workers)
    assert server.log == ""


def test_ctrl_c_ends_all_workers_at_once(start: Start) -> None:
    server = start(3)
    began = time.monotonic()
    assert server.press_ctrl_c() == 0
    assert time.monotonic() - began < MAX_SECONDS
    assert server.log == ""


def test_signal_during_the_start_ends_workers_that_have_not_begun(start: Start) -> None:
    server = start(6, "late")
    assert server.process.stdout is not None
    assert server.process.stdout.readline().startswith("begun")
    began = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - began < MAX_SECONDS
    assert "Ctrl-C stops it." not in server.banner
    assert server.log == ""


def run_to_its_end(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def test_workers_that_cannot_begin_end_the_server_with_one_line() -> None:
    ended = run_to_its_end("8", "refuse")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == "protocol-sandbox: --store cannot be reached.\n"


def test_defect_in_all_workers_ends_the_server() -> None:
    ended = run_to_its_end("8", "defect")
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert "RuntimeError: a defect" in ended.stderr
    assert "HaltServer" not in ended.stderr


def test_all_workers_end_with_the_parent_and_ignore_what_it_writes() -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "3", "", str(reading)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        pass_fds=[reading],
        start_new_session=True,
    )
    os.close(reading)
    assert process.stdout is not None
    while (line := process.stdout.readline()) != "Ctrl-C stops it.\n":
        if line.startswith("listening on "):
            address = line.split()[-1]
    pids = session_of(process.pid)
    for _ in range(20):
        os.write(writing, b"hello")
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=address)) for _ in range(12)]
        assert len({ask(client)[1]["pid"] for client in clients}) == 3
    os.close(writing)
    _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, errors) == (0, "")
    wait_for_end(*pids)
