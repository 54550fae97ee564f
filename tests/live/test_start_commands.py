"""The documented start commands all serve the same responses."""

import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import StartServer
from tests.live.server import Server, free_port, in_shell, procfile_command

CALLS = [
    ("GET", "/v1/conversations?limit=3", None),
    ("GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", None),
    ("POST", "/v1/conversations", {"contact_id": "WAz8eIbvDR60rouK"}),
    ("POST", "/v1/conversations", {"contact": "WAz8eIbvDR60rouK"}),
    ("PUT", "/v1/conversations/xgQQXg3hrtjh7AvZ", {"is_muted": "true"}),
    ("DELETE", "/v1/conversations/xgQQXg3hrtjh7AvZ", None),
    ("GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", None),
    ("PATCH", "/v1/conversations/xgQQXg3hrtjh7AvZ", None),
    ("GET", "/v1/nowhere", None),
    ("GET", "/v1/conversations/", None),
    ("GET", "/nothing", None),
    ("GET", "/openapi.json", None),
]
VARYING = {"date", "server", "connection", "x-request-id"}


def responses_from(address: str) -> list[tuple[int, dict[str, str], bytes]]:
    """Make ``CALLS`` and return status, headers and body of each, without headers that vary between runs."""
    with httpx.Client(base_url=address, headers={"Authorization": "Bearer me"}) as client:
        done = [client.request(method, path, data=data) for method, path, data in CALLS]
    return [
        (
            answer.status_code,
            {name: value for name, value in answer.headers.items() if name not in VARYING},
            answer.content,
        )
        for answer in done
    ]


@pytest.fixture
def reference(start: StartServer) -> Server:
    """Return a server started with ``python -m sandbox``, to compare others with."""
    return start("--scenario", "documented")


def without_times(
    answers: list[tuple[int, dict[str, str], bytes]],
) -> list[tuple[int, dict[str, str], bytes]]:
    """Return the responses without ``created_at``, which depends on the clock."""
    return [(status, headers, re.sub(rb'"created_at":\d+', b"", body)) for status, headers, body in answers]


def test_procfile_command_serves_the_same(start: StartServer, reference: Server, tmp_path: Path) -> None:
    port = free_port()
    server = start(
        command=in_shell(procfile_command()),
        address=f"http://127.0.0.1:{port}",
        PORT=str(port),
        WEB_CONCURRENCY="4",
        SANDBOX_SCENARIO="documented",
        cwd=tmp_path,
    )
    assert without_times(responses_from(server.address)) == without_times(responses_from(reference.address))


def test_flask_run_serves_the_same(start: StartServer, reference: Server) -> None:
    port = free_port()
    server = start(
        command=[sys.executable, "-m", "flask", "--app", "sandbox", "run", "--port", str(port)],
        address=f"http://127.0.0.1:{port}",
        SANDBOX_SCENARIO="documented",
    )
    assert without_times(responses_from(server.address)) == without_times(responses_from(reference.address))
    assert server.end(signal.SIGINT) == 0


def gunicorn(port: int) -> list[str]:
    """Return the command of a plain gunicorn that serves the WSGI application on ``port``."""
    return [sys.executable, "-m", "gunicorn", "sandbox.wsgi:app", "--bind", f"127.0.0.1:{port}"]


def test_gunicorn_with_one_worker_serves_the_same(start: StartServer, reference: Server) -> None:
    port = free_port()
    server = start(
        command=[*gunicorn(port), "--threads", "4"],
        address=f"http://127.0.0.1:{port}",
        SANDBOX_SCENARIO="documented",
    )
    assert without_times(responses_from(server.address)) == without_times(responses_from(reference.address))


def test_gunicorn_with_two_workers_is_refused(start: StartServer) -> None:
    port = free_port()
    server = start(
        command=[*gunicorn(port), "--workers", "2"],
        address=f"http://127.0.0.1:{port}",
    )
    for path in ("/v1/conversations", "/openapi.json", "/__admin/health"):
        answer = httpx.get(server.address + path, headers={"Authorization": "Bearer me"})
        assert answer.status_code == 503
        assert answer.json()["type"] == "api_error"
        assert "one process" in answer.json()["message"]
        assert "--workers 1" in answer.json()["message"]
