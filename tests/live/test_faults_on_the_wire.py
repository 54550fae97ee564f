"""Faults on raw sockets, byte by byte, with gunicorn and ``flask run``."""

import errno
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.server import TIMEOUT_SECONDS, Server, environment, free_port, wait_until
from tests.live.wire import Wire, assert_error, control, create, request

FLASK = [sys.executable, "-m", "flask", "--app", "sandbox", "run", "--port"]
LIST = "/v1/conversations?limit=1"
TRANSPORT = (
    "EMPTY_RESPONSE",
    "CONNECTION_RESET_BY_PEER",
    "RANDOM_DATA_THEN_CLOSE",
    "MALFORMED_RESPONSE_CHUNK",
)


@pytest.fixture(scope="session", params=["gunicorn", "flask run"])
def any_server(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Return the shared server, or one started by ``flask run``."""
    if request.param == "gunicorn":
        yield server
        return
    yield from _flask(tmp_path_factory.mktemp("flask"))


def _flask(folder: Path) -> Iterator[Server]:
    port = free_port()
    found = Server([*FLASK, str(port)], environment(), folder, folder / "flask.log")
    try:
        found.wait_for_response(f"http://127.0.0.1:{port}")
        yield found
    finally:
        found.end()
    assert "Traceback" not in found.log


def add_rule(server: Server, token: str, **document: Any) -> str:
    """Add a rule to the sandbox of ``token`` and return its id."""
    answer = httpx.post(
        f"{server.address}/__admin/faults",
        json=document,
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def newest_entry(server: Server, token: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = control(server, token, "GET", "requests")["data"]
    return entries[0]


def received(server: Server, text: str) -> bytes:
    """Send a request and return all bytes up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS) as connection:
        connection.sendall(text.encode("latin-1"))
        data = b""
        while piece := connection.recv(65_536):
            data += piece
    return data


def split(data: bytes) -> tuple[str, dict[str, str], bytes]:
    """Return the status line, the headers by lower-case name, and the body."""
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    return line, {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}, body


def test_connection_reset_sends_rst(any_server: Server, token: str) -> None:
    add_rule(any_server, token, fault={"type": "CONNECTION_RESET_BY_PEER"})
    for text in (request("GET", LIST, token), create(token)):
        with socket.create_connection(("127.0.0.1", any_server.port), TIMEOUT_SECONDS) as connection:
            connection.sendall(text.encode())
            with pytest.raises(ConnectionResetError) as reset:
                connection.recv(1)
            assert reset.value.errno == errno.ECONNRESET
    entry = newest_entry(any_server, token)
    assert (entry["fault"], entry["status"]) == ("CONNECTION_RESET_BY_PEER", None)


def test_connection_reset_on_a_kept_connection(server: Server, token: str) -> None:
    add_rule(server, token, match={"method": "POST"}, fault={"type": "CONNECTION_RESET_BY_PEER"})
    with Wire(server) as wire:
        wire.send(request("GET", LIST, token))
        assert wire.read_response().status == 200
        wire.send(create(token))
        with pytest.raises(ConnectionResetError):
            wire.read_status_line()


def test_empty_response_sends_no_bytes(any_server: Server, token: str) -> None:
    add_rule(any_server, token, fault={"type": "EMPTY_RESPONSE"})
    for text in (request("GET", LIST, token), create(token)):
        assert received(any_server, text) == b""


@pytest.mark.parametrize("length", [0, 1, 17, 100])
def test_truncate_sends_the_given_bytes_and_the_full_content_length(
    any_server: Server, token: str, length: int
) -> None:
    path = "/v1/conversations/xgQQXg3hrtjh7AvZ"
    whole = split(received(any_server, request("GET", path, token, "Connection: close")))
    add_rule(any_server, token, fault={"type": "truncate", "bytes": length})
    line, headers, body = split(received(any_server, request("GET", path, token)))
    assert line == whole[0]
    assert headers["content-length"] == whole[1]["content-length"] == str(len(whole[2]))
    assert headers["x-sandbox-fault"] == "truncate"
    assert body == whole[2][:length]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_status_sends_headers_and_body_like_a_gateway(any_server: Server, token: str, method: str) -> None:
    headers = {"Content-Type": "text/html", "Server-Timing": "edge;dur=1", "X-Name": "café"}
    add_rule(
        any_server,
        token,
        fault={"type": "status", "status": 502, "body": "<h1>Störung</h1>", "headers": headers},
    )
    line, sent, body = split(received(any_server, request(method, LIST, token, "Connection: close")))
    assert line == "HTTP/1.1 502 Bad Gateway"
    assert sent["content-type"] == "text/html"
    assert sent["content-length"] == "17"
    assert sent["x-name"].encode("latin-1").decode() == "café"
    assert sent["access-control-allow-origin"] == "*"
    assert body == ("<h1>Störung</h1>".encode() if method == "GET" else b"")


def test_malformed_chunk_cannot_be_decoded(any_server: Server, token: str) -> None:
    add_rule(any_server, token, fault={"type": "MALFORMED_RESPONSE_CHUNK"})
    line, headers, body = split(received(any_server, request("GET", LIST, token)))
    assert line == "HTTP/1.1 200 OK"
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers
    assert headers["access-control-allow-origin"] == "*"
    with pytest.raises(ValueError, match="invalid literal"):
        int(body.partition(b"\r\n")[0], 16)


def test_random_data_is_reproducible_by_seed(any_server: Server, token: str) -> None:
    runs = []
    for _ in range(2):
        control(any_server, token, "POST", "reset", {"seed": 7})
        add_rule(any_server, token, fault={"type": "RANDOM_DATA_THEN_CLOSE"})
        runs.append([received(any_server, request("GET", LIST, token)) for _ in range(2)])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]
    for data in runs[0]:
        assert len(data) == 256
        assert not data.startswith(b"HTTP/")


def test_dribble_spreads_pieces_over_its_duration(any_server: Server, token: str) -> None:
    add_rule(any_server, token, delay={"type": "dribble", "chunks": 5, "milliseconds": 400})
    data, moments = b"", []
    with socket.create_connection(("127.0.0.1", any_server.port), TIMEOUT_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(
            request("GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", token, "Connection: close").encode()
        )
        started = time.monotonic()
        while piece := connection.recv(65_536):
            moments.append(time.monotonic() - started)
            data += piece
    _, headers, body = split(data)
    assert json.loads(body)["id"] == "xgQQXg3hrtjh7AvZ"
    assert headers["content-length"] == str(len(body))
    assert headers["x-sandbox-delay-ms"] == "400"
    # The head may arrive alone or with the first piece; on a busy machine two pieces may arrive together.
    assert 4 <= len(moments) <= 6
    assert 0.35 < moments[-1] - moments[0] < 5


def test_dribble_keeps_the_connection(server: Server, token: str) -> None:
    add_rule(server, token, times=1, delay={"type": "dribble", "chunks": 3, "milliseconds": 20})
    with Wire(server) as wire:
        for _ in range(2):
            wire.send(request("GET", LIST, token))
            assert wire.read_response().status == 200


def test_hang_closes_after_its_duration(any_server: Server, token: str) -> None:
    add_rule(any_server, token, fault={"type": "hang", "milliseconds": 150})
    started = time.monotonic()
    assert received(any_server, request("GET", LIST, token)) == b""
    assert 0.15 <= time.monotonic() - started < 5


@pytest.mark.parametrize("how", ["reset", "rule"])
def test_hang_ends_with_a_reset_or_its_rule(any_server: Server, token: str, how: str) -> None:
    made = add_rule(any_server, token, fault={"type": "hang"})
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(received, any_server, request("GET", LIST, token, "Connection: close"))
        wait_until_fired(any_server, token)
        assert not hanging.done()
        if how == "reset":
            control(any_server, token, "POST", "reset", {})
            assert split(hanging.result(TIMEOUT_SECONDS))[0].startswith("HTTP/1.1 503")
        else:
            control(any_server, token, "DELETE", f"faults/{made}")
            assert hanging.result(TIMEOUT_SECONDS) == b""


def wait_until_fired(server: Server, token: str) -> None:
    """Wait until the only rule of the sandbox has fired; its call then sleeps or is about to."""
    wait_until(lambda: control(server, token, "GET", "faults")["data"][0]["fired"] > 0)


def test_phase_after_writes_and_loses_the_response(any_server: Server, token: str) -> None:
    add_rule(any_server, token, times=1, phase="after", fault={"type": "CONNECTION_RESET_BY_PEER"})
    before = control(any_server, token, "GET", "state")["conversations"]
    with socket.create_connection(("127.0.0.1", any_server.port), TIMEOUT_SECONDS) as connection:
        connection.sendall(create(token).encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    after = control(any_server, token, "GET", "state")["conversations"]
    assert len(after) == len(before) + 1
    entry = newest_entry(any_server, token)
    assert (entry["fault"], entry["status"]) == ("CONNECTION_RESET_BY_PEER after 201", None)


@pytest.mark.parametrize("kind", TRANSPORT)
def test_fault_does_not_affect_earlier_requests_or_new_connections(
    server: Server, token: str, kind: str
) -> None:
    add_rule(server, token, match={"method": "POST"}, times=1, fault={"type": kind})
    with Wire(server) as wire:
        for _ in range(3):
            wire.send(request("GET", LIST, token))
            assert wire.read_response().status == 200
        wire.send(create(token))
        _drain(wire)
    with Wire(server) as wire:
        for _ in range(3):
            wire.send(create(token))
            assert wire.read_response().status == 201


def _drain(wire: Wire) -> None:
    while not wire.is_closed():
        pass


@pytest.mark.parametrize("kind", ["malformed_json", "wrong_content_type"])
@pytest.mark.parametrize("prefer", ["", "code=503, "])
def test_malformed_response_keeps_the_connection(server: Server, token: str, kind: str, prefer: str) -> None:
    """A body sent after HEAD or 204 would be read as the next response."""
    with Wire(server) as wire:
        for method in ("GET", "HEAD", "DELETE", "GET"):
            wire.send(
                request(method, "/v1/conversations/xgQQXg3hrtjh7AvZ", token, f"Prefer: {prefer}fault={kind}")
            )
            expected = 503 if prefer else 204 if method == "DELETE" else 200
            assert wire.read_response(method=method).status == expected
        wire.send(request("GET", "/v1/nowhere", token))
        assert_error(wire.read_response(), 404)


def test_delayed_response_keeps_the_order_of_pipelined_requests(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", LIST, token, "Prefer: delay=30") + request("GET", "/v1/nowhere", token))
        assert wire.read_response().headers["X-Sandbox-Delay-Ms"] == "30"
        assert_error(wire.read_response(), 404)


def test_preflight_is_never_faulted(any_server: Server, token: str) -> None:
    add_rule(any_server, token, fault={"type": "CONNECTION_RESET_BY_PEER"})
    data = received(
        any_server, request("OPTIONS", LIST, token, "Origin: http://a.example", "Connection: close")
    )
    line, headers, _ = split(data)
    assert line.startswith("HTTP/1.1 204")
    assert headers["access-control-allow-origin"] == "http://a.example"


@pytest.mark.parametrize("kind", [*TRANSPORT, "truncate", "hang"])
def test_faults_leave_no_traceback_and_no_stuck_connection(
    start: Callable[..., Server], token: str, kind: str
) -> None:
    """The fixture also checks that the server exits with status 0 and logs no traceback or warning."""
    own = start()
    needs = {"truncate": {"bytes": 5}, "hang": {"milliseconds": 20}}.get(kind, {})
    add_rule(own, token, match={"method": "GET"}, fault={"type": kind, **needs})
    for _ in range(10):
        try:
            received(own, request("GET", LIST, token))
        except ConnectionResetError:
            assert kind == "CONNECTION_RESET_BY_PEER"
    with Wire(own) as wire:
        wire.send(create(token))
        assert wire.read_response().status == 201
    assert own.end() == 0
    assert own.log == ""


@pytest.mark.parametrize("document", [{"delay": 300_000}, {"fault": {"type": "hang"}}], ids=["delay", "hang"])
def test_server_stops_while_calls_sleep(
    start: Callable[..., Server], token: str, document: dict[str, Any]
) -> None:
    own = start()
    add_rule(own, token, **document)
    with Wire(own) as wire:
        wire.send(request("GET", LIST, token))
        wait_until_fired(own, token)
        started = time.monotonic()
        assert own.end() == 0
        assert time.monotonic() - started < 10
        assert wire.is_closed()


def test_disconnect_during_a_delay_is_not_logged(start: Callable[..., Server], token: str) -> None:
    own = start()
    made = add_rule(own, token, delay=300_000)
    with Wire(own) as wire:
        wire.send(create(token))
        wait_until_fired(own, token)
    control(own, token, "DELETE", f"faults/{made}")
    with Wire(own) as wire:
        wire.send(create(token))
        assert wire.read_response().status == 201
    assert own.end() == 0
    assert own.log == ""
