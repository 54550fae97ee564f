"""The control API on a real server: access, waking of sleeping calls, and the log."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.live.conftest import StartServer, server_factory
from tests.live.server import TIMEOUT_SECONDS, Server, wait_until
from tests.live.wire import Wire, assert_error, request

SECRET = "hunter2-of-the-admin"
TOKEN = "sk-live-0123456789abcdef"
PAGE = "http://localhost:3000"
SANDBOXES = "/__admin/sandboxes"


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server for the tests of this file that let calls sleep; each uses its own token."""
    for start in server_factory(tmp_path_factory.mktemp("blank")):
        yield start("--scenario", "blank")


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server for all addresses, without an admin token."""
    for start in server_factory(tmp_path_factory.mktemp("public")):
        yield start("--host", "0.0.0.0")


def status_and_message(
    server: Server, *headers: str, path: str = SANDBOXES, host: str = "127.0.0.1"
) -> tuple[int, str]:
    """Return the status of a call with exactly these headers, and its error message."""
    lines = [f"GET {path} HTTP/1.1", *([f"Host: {host}"] if host else []), *headers, "", ""]
    with Wire(server) as wire:
        wire.send("\r\n".join(lines))
        answer = wire.read_response()
    if answer.status == 200:
        return 200, ""
    return answer.status, assert_error(answer, answer.status)


def statuses_by_origin(server: Server, token: list[str]) -> dict[str, int]:
    """Return the status by kind of host and origin; ``token`` holds the header lines of the admin token."""
    port = server.port
    calls: dict[str, tuple[str, list[str]]] = {
        "loopback": (f"127.0.0.1:{port}", []),
        "localhost": (f"localhost:{port}", []),
        "rebound": ("elsewhere.example", []),
        "own page": (f"localhost:{port}", [f"Origin: http://localhost:{port}"]),
        "other page": (f"localhost:{port}", ["Origin: https://elsewhere.example"]),
        "sandboxed page": (f"localhost:{port}", ["Origin: null"]),
        "admitted page": (f"localhost:{port}", [f"Origin: {PAGE}"]),
        "rebound page": ("elsewhere.example", ["Origin: http://elsewhere.example"]),
    }
    return {
        name: status_and_message(server, *headers, *token, host=host)[0]
        for name, (host, headers) in calls.items()
    }


OPEN = {
    "loopback": 200,
    "localhost": 200,
    "rebound": 403,
    "own page": 200,
    "other page": 403,
    "sandboxed page": 403,
    "admitted page": 200,
    "rebound page": 403,
}
CLOSED = dict.fromkeys(OPEN, 403)


def test_loopback_server_admits_local_calls_only(start: StartServer) -> None:
    server = start("--admin-origin", PAGE)
    assert statuses_by_origin(server, []) == OPEN
    assert "loopback name" in status_and_message(server, host="elsewhere.example")[1]
    assert "--admin-origin" in status_and_message(server, "Origin: null")[1]


def test_loopback_server_requires_the_admin_token_if_set(start: StartServer) -> None:
    server = start("--admin-origin", PAGE, SANDBOX_ADMIN_TOKEN=SECRET)
    assert statuses_by_origin(server, []) == CLOSED
    assert statuses_by_origin(server, ["X-Admin-Token: wrong"]) == CLOSED
    assert statuses_by_origin(server, [f"X-Admin-Token: {SECRET}"]) == OPEN
    assert SECRET not in "\n".join(server.banner)


def test_public_server_without_admin_token_is_closed(
    start: StartServer,
) -> None:
    server = start("--host", "0.0.0.0", "--admin-origin", PAGE)
    assert statuses_by_origin(server, []) == CLOSED
    assert "--admin-token" in status_and_message(server, host="localhost")[1]
    assert status_and_message(server, path="/__admin/health", host="elsewhere.example") == (200, "")
    banner = "\n".join(server.banner)
    assert "beyond loopback" in banner
    assert "--admin-token" in banner


def test_public_server_admits_the_admin_token_but_no_other_pages(
    start: StartServer,
) -> None:
    server = start("--host", "0.0.0.0", "--admin-origin", PAGE, SANDBOX_ADMIN_TOKEN=SECRET)
    assert statuses_by_origin(server, []) == CLOSED
    # The admin token admits every Host; a page cannot send it unless a user entered it.
    by_name = OPEN | {"rebound": 200, "rebound page": 200}
    assert statuses_by_origin(server, [f"X-Admin-Token: {SECRET}"]) == by_name


@pytest.mark.parametrize("path", ["//__admin/sandboxes", "/%2f__admin/sandboxes", "/v1/../__admin/sandboxes"])
def test_path_variants_do_not_bypass_the_guard(public: Server, path: str) -> None:
    assert status_and_message(public, path=path)[0] in (403, 404)
    assert status_and_message(public, path="/%5f%5fadmin/sandboxes")[0] == 403
    assert status_and_message(public, path="http://localhost/__admin/sandboxes")[0] in (403, 404)


def test_request_without_a_host_is_refused(start: StartServer) -> None:
    server = start()
    assert status_and_message(server, host="")[0] in (400, 403)
    with Wire(server) as wire:
        wire.send(f"GET {SANDBOXES} HTTP/1.0\r\n\r\n")
        assert wire.read_response().status in (400, 403)


def test_tokens_are_not_in_log_or_responses(start: StartServer) -> None:
    server = start("--admin-token", SECRET)
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Admin-Token": SECRET, "Cookie": f"s={TOKEN}"}
    seen: list[str] = []
    with httpx.Client(base_url=server.address, timeout=TIMEOUT_SECONDS) as client:

        def call(method: str, path: str, **sent: Any) -> None:
            answer = client.request(method, path, **{"headers": headers} | sent)
            seen.append(answer.text + str(answer.headers))

        call("GET", "/v1/conversations")
        call("POST", "/v1/conversations", json={"contact_id": 5})
        call("GET", f"/v1/conversations?access_token={TOKEN}")
        call("GET", "/v1/conversations", headers={"Authorization": f"Basic {TOKEN}"})
        call(
            "GET",
            "/__admin/clock",
            headers={"X-Admin-Token": SECRET + "x", "Authorization": f"Bearer {TOKEN}"},
        )
        call("PUT", "/__admin/state", json={"a": 1})
        for path in (
            "sandboxes",
            "requests",
            "state",
            "faults",
            "health",
            "clock",
            "snapshots",
            "openapi.json",
        ):
            call("GET", f"/__admin/{path}")
        call("GET", "/__admin/requests", headers={"X-Admin-Token": SECRET})
    with Wire(server) as wire:
        wire.send(request("GET", "/v1/conversations HTTP/9.9\r\nX", TOKEN))
        wire.send_eof()
        wire.is_closed()
    with Wire(server) as wire:
        wire.send(request("GET", "/v1/conversations", TOKEN, "Prefer: fault=CONNECTION_RESET_BY_PEER"))
        wire.is_closed()
    for text in (*seen, "\n".join(server.banner), server.log):
        assert TOKEN not in text
        assert SECRET not in text


@pytest.mark.parametrize(
    "wake",
    [
        ("POST", "/__admin/reset", {}),
        ("POST", "/__admin/reset?all=true", {}),
        ("POST", "/__admin/snapshots/snapshot-1/restore", {}),
    ],
    ids=lambda wake: str(wake[1]),
)
def test_reset_and_restore_wake_sleeping_calls(
    blank: Server, token: str, wake: tuple[str, str, dict[str, Any]]
) -> None:
    me = {"Authorization": f"Bearer {token}"}
    sleepers = 5
    with httpx.Client(base_url=blank.address, headers=me, timeout=TIMEOUT_SECONDS) as client:
        client.post("/__admin/snapshots", json={})
        client.post("/__admin/faults", json={"match": {"method": "POST"}, "delay": 300_000})

        def create(_number: int) -> httpx.Response:
            return httpx.post(
                f"{blank.address}/v1/conversations",
                data={"contact_id": "late"},
                headers=me,
                timeout=TIMEOUT_SECONDS,
            )

        with ThreadPoolExecutor(sleepers) as pool:
            answers = pool.map(create, range(sleepers))
            wait_until(
                lambda: client.get("/__admin/faults").json()["data"][0]["fired"] == sleepers, TIMEOUT_SECONDS
            )
            method, path, body = wake
            started = time.monotonic()
            assert client.request(method, path, json=body).status_code == 200
            woken = list(answers)
        assert time.monotonic() - started < TIMEOUT_SECONDS / 2
        assert [answer.status_code for answer in woken] == [503] * sleepers
        assert {answer.json()["type"] for answer in woken} == {"api_error"}
        assert client.get("/v1/conversations").json() == {"has_more": False, "data": []}


def test_deleting_a_rule_completes_its_sleeping_calls(blank: Server, token: str) -> None:
    me = {"Authorization": f"Bearer {token}"}
    sleepers = 5
    with httpx.Client(base_url=blank.address, headers=me, timeout=TIMEOUT_SECONDS) as client:
        client.post("/__admin/faults", json={"match": {"method": "POST"}, "delay": 300_000})
        with ThreadPoolExecutor(sleepers) as pool:
            answers = [
                pool.submit(
                    httpx.post,
                    f"{blank.address}/v1/conversations",
                    data={"contact_id": "late"},
                    headers=me,
                    timeout=TIMEOUT_SECONDS,
                )
                for _ in range(sleepers)
            ]
            wait_until(lambda: client.get("/__admin/faults").json()["data"][0]["fired"] == sleepers)
            assert client.delete("/__admin/faults/rule-1").status_code == 204
            assert [answer.result().status_code for answer in answers] == [201] * sleepers
        assert len(client.get("/v1/conversations").json()["data"]) == sleepers


def test_large_state_is_exported_and_imported(server: Server, token: str) -> None:
    me = {"Authorization": f"Bearer {token}"}
    other = {"Authorization": f"Bearer {token}-other"}
    with httpx.Client(base_url=server.address, timeout=TIMEOUT_SECONDS) as client:
        reset = client.post("/__admin/reset", headers=me, json={"scenario": "crowd"})
        assert reset.json()["conversations"] == 10_000
        state = client.get("/__admin/state", headers=me).content
        assert len(state) > 1_048_576
        sent = client.put(
            "/__admin/state", headers=other | {"Content-Type": "application/json"}, content=state
        )
        assert sent.json() == {"conversations": 10_000}
        assert client.get("/__admin/state", headers=other).content == state


def test_reset_while_a_body_arrives_is_kept(start: StartServer) -> None:
    server = start("--scenario", "blank")
    with Wire(server) as slow:
        slow.send(
            "POST /v1/conversations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer me\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\ncontact"
        )
        wait_until(lambda: httpx.get(f"{server.address}/__admin/health").json()["sandboxes"] == 1)
        me = {"Authorization": "Bearer me"}
        assert httpx.post(f"{server.address}/__admin/reset", json={}, headers=me).status_code == 200
        slow.send("_id=a")
        created = slow.read_response()
    assert created.status == 201
    assert httpx.get(server.address + str(created.headers["Location"]), headers=me).status_code == 200


def test_control_api_works_when_all_sleepers_are_in_use(start: StartServer) -> None:
    server = start("--max-sleepers", "5")
    me = {"Authorization": "Bearer me"}
    hang = server.address + "/v1/conversations?__fault=hang"
    with ThreadPoolExecutor(6) as pool:
        held = [pool.submit(httpx.get, hang, headers=me, timeout=TIMEOUT_SECONDS) for _ in range(6)]
        wait_until(lambda: any(call.done() for call in held))
        assert httpx.get(f"{server.address}/__admin/health").status_code == 200
        assert httpx.post(f"{server.address}/__admin/reset", json={}, headers=me).status_code == 200
        assert [call.result().status_code for call in held] == [503] * 6
    said = sorted(call.result().json()["message"] for call in held)
    assert sum("--max-sleepers" in message for message in said) == 1
