"""Faults on raw sockets: byte by byte what a client gets, from gunicorn and, where it can, from ``flask run``."""

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
from tests.live.wire import Wire, assert_error, create, request

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
    """The session's own server, and one that Flask runs."""
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


def rule(server: Server, token: str, **document: Any) -> str:
    """Add a rule to the sandbox of ``token``; its id."""
    answer = httpx.post(
        f"{server.address}/__admin/faults",
        json=document,
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def control(server: Server, token: str, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(
        method,
        f"{server.address}/__admin/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def journalled(server: Server, token: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = control(server, token, "GET", "requests")["data"]
    return entries[0]


def received(server: Server, text: str) -> bytes:
    """All that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS) as connection:
        connection.sendall(text.encode("latin-1"))
        data = b""
        while piece := connection.recv(65_536):
            data += piece
    return data


def split(data: bytes) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers by lower-case name, and what came behind them."""
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    return line, {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}, body


def test_a_reset_is_a_real_rst(any_server: Server, token: str) -> None:
    rule(any_server, token, fault={"type": "CONNECTION_RESET_BY_PEER"})
    for text in (request("GET", LIST, token), create(token)):
        with socket.create_connection(("127.0.0.1", any_server.port), TIMEOUT_SECONDS) as connection:
            connection.sendall(text.encode())
            with pytest.raises(ConnectionResetError) as reset:
                connection.recv(1)
            assert reset.value.errno == errno.ECONNRESET
    entry = journalled(any_server, token)
    assert (entry["fault"], entry["status"]) == ("CONNECTION_RESET_BY_PEER", None)


def test_a_reset_on_a_connection_that_served_before_is_one_too(server: Server, token: str) -> None:
    rule(server, token, match={"method": "POST"}, fault={"type": "CONNECTION_RESET_BY_PEER"})
    with Wire(server) as wire:
        wire.send(request("GET", LIST, token))
        assert wire.read_response().status == 200
        wire.send(create(token))
        with pytest.raises(ConnectionResetError):
            wire.read_status_line()


def test_an_empty_response_closes_with_zero_bytes(any_server: Server, token: str) -> None:
    rule(any_server, token, fault={"type": "EMPTY_RESPONSE"})
    for text in (request("GET", LIST, token), create(token)):
        assert received(any_server, text) == b""


@pytest.mark.parametrize("length", [0, 1, 17, 100])
def test_truncate_sends_exactly_so_many_bytes_behind_the_whole_length(
    any_server: Server, token: str, length: int
) -> None:
    path = "/v1/conversations/xgQQXg3hrtjh7AvZ"
    whole = split(received(any_server, request("GET", path, token, "Connection: close")))
    rule(any_server, token, fault={"type": "truncate", "bytes": length})
    line, headers, body = split(received(any_server, request("GET", path, token)))
    assert line == whole[0]
    assert headers["content-length"] == whole[1]["content-length"] == str(len(whole[2]))
    assert headers["x-sandbox-fault"] == "truncate"
    assert body == whole[2][:length]


def test_a_malformed_chunk_breaks_the_decoding_of_chunks(any_server: Server, token: str) -> None:
    rule(any_server, token, fault={"type": "MALFORMED_RESPONSE_CHUNK"})
    line, headers, body = split(received(any_server, request("GET", LIST, token)))
    assert line == "HTTP/1.1 200 OK"
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers
    assert headers["access-control-allow-origin"] == "*"
    with pytest.raises(ValueError, match="invalid literal"):
        int(body.partition(b"\r\n")[0], 16)


def test_random_data_is_no_http_and_the_same_for_the_same_seed(any_server: Server, token: str) -> None:
    runs = []
    for _ in range(2):
        control(any_server, token, "POST", "reset", {"seed": 7})
        rule(any_server, token, fault={"type": "RANDOM_DATA_THEN_CLOSE"})
        runs.append([received(any_server, request("GET", LIST, token)) for _ in range(2)])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]
    for data in runs[0]:
        assert len(data) == 256
        assert not data.startswith(b"HTTP/")


def test_a_dribble_arrives_in_pieces_spread_over_its_time(any_server: Server, token: str) -> None:
    rule(any_server, token, delay={"type": "dribble", "chunks": 5, "milliseconds": 400})
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
    # The head may come by itself, or with the first piece; a busy machine may let two pieces arrive together.
    assert 4 <= len(moments) <= 6
    assert 0.35 < moments[-1] - moments[0] < 5


def test_a_connection_goes_on_after_a_dribble(server: Server, token: str) -> None:
    rule(server, token, times=1, delay={"type": "dribble", "chunks": 3, "milliseconds": 20})
    with Wire(server) as wire:
        for _ in range(2):
            wire.send(request("GET", LIST, token))
            assert wire.read_response().status == 200


def test_a_hang_holds_until_its_bound_and_then_closes(any_server: Server, token: str) -> None:
    rule(any_server, token, fault={"type": "hang", "milliseconds": 150})
    started = time.monotonic()
    assert received(any_server, request("GET", LIST, token)) == b""
    assert 0.15 <= time.monotonic() - started < 5


@pytest.mark.parametrize("how", ["reset", "rule"])
def test_a_hang_holds_until_a_reset_or_the_end_of_its_rule(any_server: Server, token: str, how: str) -> None:
    made = rule(any_server, token, fault={"type": "hang"})
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(received, any_server, request("GET", LIST, token, "Connection: close"))
        until_counted(any_server, token)
        assert not hanging.done()
        if how == "reset":
            control(any_server, token, "POST", "reset", {})
            assert split(hanging.result(TIMEOUT_SECONDS))[0].startswith("HTTP/1.1 503")
        else:
            control(any_server, token, "DELETE", f"faults/{made}")
            assert hanging.result(TIMEOUT_SECONDS) == b""


def until_counted(server: Server, token: str) -> None:
    """Wait until the one rule of the sandbox fired, and so its call is held back, or about to be."""
    wait_until(lambda: control(server, token, "GET", "faults")["data"][0]["fired"] > 0)


def test_after_the_write_has_happened_and_the_answer_is_lost(any_server: Server, token: str) -> None:
    rule(any_server, token, times=1, phase="after", fault={"type": "CONNECTION_RESET_BY_PEER"})
    before = control(any_server, token, "GET", "state")["conversations"]
    with socket.create_connection(("127.0.0.1", any_server.port), TIMEOUT_SECONDS) as connection:
        connection.sendall(create(token).encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    after = control(any_server, token, "GET", "state")["conversations"]
    assert len(after) == len(before) + 1
    entry = journalled(any_server, token)
    assert (entry["fault"], entry["status"]) == ("CONNECTION_RESET_BY_PEER after 201", None)


@pytest.mark.parametrize("kind", TRANSPORT)
def test_a_kept_connection_is_fine_up_to_the_fault_and_another_behind_it(
    server: Server, token: str, kind: str
) -> None:
    rule(server, token, match={"method": "POST"}, times=1, fault={"type": kind})
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
def test_a_spoiled_answer_leaves_its_connection_in_order(
    server: Server, token: str, kind: str, prefer: str
) -> None:
    """Also where an answer has no body: one behind HEAD or 204 would be taken for the next answer."""
    with Wire(server) as wire:
        for method in ("GET", "HEAD", "DELETE", "GET"):
            wire.send(
                request(method, "/v1/conversations/xgQQXg3hrtjh7AvZ", token, f"Prefer: {prefer}fault={kind}")
            )
            expected = 503 if prefer else 204 if method == "DELETE" else 200
            assert wire.read_response(method=method).status == expected
        wire.send(request("GET", "/v1/nowhere", token))
        assert_error(wire.read_response(), 404)


def test_a_delayed_answer_leaves_its_connection_in_order(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", LIST, token, "Prefer: delay=30") + request("GET", "/v1/nowhere", token))
        assert wire.read_response().headers["X-Sandbox-Delay-Ms"] == "30"
        assert_error(wire.read_response(), 404)


def test_a_preflight_is_never_hit(any_server: Server, token: str) -> None:
    rule(any_server, token, fault={"type": "CONNECTION_RESET_BY_PEER"})
    data = received(
        any_server, request("OPTIONS", LIST, token, "Origin: http://a.example", "Connection: close")
    )
    line, headers, _ = split(data)
    assert line.startswith("HTTP/1.1 204")
    assert headers["access-control-allow-origin"] == "http://a.example"


@pytest.mark.parametrize("kind", [*TRANSPORT, "truncate", "hang"])
def test_no_fault_leaves_a_traceback_or_a_stuck_connection(
    start: Callable[..., Server], token: str, kind: str
) -> None:
    """The fixture says the rest: the server ends with status 0, and its log has no traceback and no warning."""
    own = start()
    needs = {"truncate": {"bytes": 5}, "hang": {"milliseconds": 20}}.get(kind, {})
    rule(own, token, match={"method": "GET"}, fault={"type": kind, **needs})
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
def test_a_server_ends_cleanly_while_calls_are_held_back(
    start: Callable[..., Server], token: str, document: dict[str, Any]
) -> None:
    own = start()
    rule(own, token, **document)
    with Wire(own) as wire:
        wire.send(request("GET", LIST, token))
        until_counted(own, token)
        started = time.monotonic()
        assert own.end() == 0
        assert time.monotonic() - started < 10
        assert wire.is_closed()


def test_a_client_that_left_while_its_call_was_held_back_is_no_defect(
    start: Callable[..., Server], token: str
) -> None:
    own = start()
    made = rule(own, token, delay=300_000)
    with Wire(own) as wire:
        wire.send(create(token))
        until_counted(own, token)
    control(own, token, "DELETE", f"faults/{made}")
    with Wire(own) as wire:
        wire.send(create(token))
        assert wire.read_response().status == 201
    assert own.end() == 0
    assert own.log == ""
