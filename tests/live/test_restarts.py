"""A worker that dies: the next one answers, and what was lost is visible."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.server import SANDBOX, TIMEOUT_SECONDS, Server, environment

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the worker is found in /proc, which is Linux's"
)

ME = {"Authorization": "Bearer me"}
LIST = "/v1/conversations"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Start a server that may log, unlike those of the fixture ``start``."""
    started = Server([*SANDBOX, "--port", "0", "--seed", "5"], environment(), tmp_path, tmp_path / "log")
    try:
        started.read_banner()
        yield started
    finally:
        started.end()


def worker_of(server: Server) -> int:
    """Return the process id of the worker."""
    pid = server.process.pid
    (worker,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(worker)


def test_death_of_the_worker_is_visible(server: Server) -> None:
    with httpx.Client(base_url=server.address, headers=ME, timeout=TIMEOUT_SECONDS) as client:
        created = client.post(LIST, json={"contact_id": "lost"})
        before = client.get("/__admin/health").json()
        ids = {created.headers["X-Request-Id"], client.get(LIST).headers["X-Request-Id"]}
    dead, killed_at = worker_of(server), time.monotonic()
    os.kill(dead, signal.SIGKILL)
    # The listening socket outlives the worker, so the next request waits for the next worker.
    with httpx.Client(base_url=server.address, headers=ME, timeout=TIMEOUT_SECONDS) as client:
        assert client.get(f"{LIST}/{created.json()['id']}").status_code == 404
        after = client.get("/__admin/health").json()
        seconds_since = time.monotonic() - killed_at
        journal = client.get("/__admin/requests").json()
        ids_after = {client.get(LIST).headers["X-Request-Id"] for _ in range(3)}
    assert worker_of(server) != dead
    assert after["boot_id"] != before["boot_id"]
    assert 0 <= after["uptime_seconds"] <= seconds_since
    assert journal["boot_id"] == after["boot_id"]
    assert [entry["status"] for entry in journal["data"]] == [404]
    assert ids.isdisjoint(ids_after | {journal["data"][0]["id"]})
    assert "what the sandboxes held is lost" in server.log
