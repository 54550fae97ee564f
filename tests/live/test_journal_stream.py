"""The stream of the journal over connections that last, break and stall."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.live.conftest import StartServer
from tests.live.server import TIMEOUT_SECONDS, Server, free_port, wait_until
from tests.live.wire import Wire, request

PATH = "/__admin/requests/stream"
MAX_SECONDS = 4.0
"""Upper bound for busy machines of an end that usually takes 0.1 seconds."""


class Stream:
    """An open stream of ``token``. ``last`` is the id of the last call in it."""

    def __init__(self, server: Server, token: str, last: str | None = None, query: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} | ({} if last is None else {"Last-Event-ID": last})
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS)
        self._context = self._client.stream("GET", server.address + PATH + query, headers=headers)
        self._lines = self._context.__enter__().iter_lines()
        assert next(self._lines).startswith(": ")
        self.last = last

    def events(self) -> Iterator[Any]:
        """Yield the data of the events, until the server ends the stream."""
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.last = value
            elif name == "data":
                yield json.loads(value)

    def close(self) -> None:
        self._client.close()


def calls(server: Server, token: str, ids: list[str]) -> None:
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        for each in ids:
            client.get(
                f"{server.address}/v1/conversations?limit=1",
                headers={"Authorization": f"Bearer {token}", "X-Request-Id": each},
            )


def test_client_that_reconnects_misses_and_repeats_nothing(server: Server, token: str) -> None:
    ids = [f"call-{number}" for number in range(60)]
    seen: list[str] = []
    last: str | None = None
    for start in range(0, len(ids), 20):
        stream = Stream(server, token, last)
        calls(server, token, ids[start : start + 10])
        for event in stream.events():
            seen.append(event["id"])
            if len(seen) % 20 == 10:
                break
        last = stream.last
        stream.close()
        calls(server, token, ids[start + 10 : start + 20])  # nobody listens
        stream = Stream(server, token, last)
        for event in stream.events():
            seen.append(event["id"])
            if len(seen) % 20 == 0:
                break
        last = stream.last
        stream.close()
    assert seen == ids


def test_stream_begins_at_once(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", PATH, token))
        assert wire.read_status_line() == 200


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_open_streams_do_not_delay_shutdown(start: StartServer, sign: signal.Signals) -> None:
    server = start()
    streams = [Stream(server, f"t{number}") for number in range(20)]
    began = time.monotonic()
    assert server.end(sign) == 0
    assert time.monotonic() - began < MAX_SECONDS
    for stream in streams:
        assert list(stream.events()) == []  # the response was ended properly, or this would raise an error
        stream.close()


def test_client_that_left_makes_room(start: StartServer) -> None:
    server = start("--max-streams", "1")
    stream = Stream(server, "me")
    assert httpx.get(server.address + PATH).status_code == 503
    stream.close()
    calls(server, "me", ["a"])

    def has_room() -> bool:
        try:
            Stream(server, "me").close()
        except AssertionError:
            return False
        return True

    wait_until(lambda: httpx.head(server.address + PATH).status_code == 200 and has_room())


def test_client_that_reads_nothing_delays_no_call_and_learns_of_its_loss(start: StartServer) -> None:
    server = start("--journal-body-bytes", "16384", "--answer-seconds", "60")
    with Wire(server) as slow:
        slow.send(request("GET", PATH, "me"))
        assert slow.read_status_line() == 200
        body = b"a" * 16_000
        with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
            for _ in range(800):
                client.post(
                    f"{server.address}/v1/conversations",
                    content=body,
                    headers={"Authorization": "Bearer me", "Content-Type": "text/plain"},
                )
            assert client.get(f"{server.address}/__admin/health").status_code == 200
        seen, rest = 0, b""
        while b"event: dropped" not in rest:
            packet = slow.read_packet()
            assert packet
            seen += packet.count(b"\nid: ")
            rest = rest[-20:] + packet
    assert seen < 800


def test_stream_works_in_threads(start: StartServer) -> None:
    port = free_port()
    server = start(
        command=[sys.executable, "-m", "flask", "--app", "sandbox", "run", "--port", str(port)],
        address=f"http://127.0.0.1:{port}",
    )
    stream = Stream(server, "me")
    calls(server, "me", ["a", "b"])
    events = stream.events()
    assert [next(events)["id"] for _ in range(2)] == ["a", "b"]
    stream.close()
    assert server.end(signal.SIGINT) == 0
