"""The load: one call, again and again, on 16 connections that stay open.

wrk makes it where it is installed. Otherwise a small client of our own does, which is slower: it lowers the requests
per second of a fast server, not the server's CPU per request.
"""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.peers.peers import Call

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("request.lua")


class Load(NamedTuple):
    """What came of it; latencies in milliseconds."""

    requests: int
    seconds: float
    median: float
    p99: float
    failed: int


Generator = Callable[[Call, int, float], Load]
"""Makes a call on a port for some seconds."""


def generator() -> tuple[str, Generator]:
    """What makes the load here, in words and as a function."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return "a small asyncio client of this project (wrk is not installed)", _own
    said = subprocess.run([wrk, "-v"], capture_output=True, text=True, check=False)  # noqa: S603  # found on the path
    version = re.search(r"wrk (\S+)", said.stdout + said.stderr)
    return f"wrk {version[1] if version else ''}, one thread", lambda *call: _wrk(wrk, *call)


def _wrk(wrk: str, call: Call, port: int, seconds: float) -> Load:
    """``seconds`` are whole ones, at least 1: wrk knows no others."""
    headers = [part for each in call.headers.items() for part in ("--header", ": ".join(each))]
    whole = max(1, round(seconds))
    command = [
        *(wrk, "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{whole}s"),
        *("--timeout", "10s", "--script", str(SCRIPT), *headers, f"http://127.0.0.1:{port}{call.path}"),
        *("--", call.method, *([call.body] if call.body else [])),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=whole + 30)  # noqa: S603  # our own
    figures = json.loads(said.stdout.splitlines()[-1])
    return Load(
        figures["requests"],
        figures["duration"] / 1e6,
        figures["median"] / 1e3,
        figures["p99"] / 1e3,
        figures["failed"],
    )


class _Connection(asyncio.Protocol):
    """Sends ``request`` as soon as the last one is answered, until it is told to stop."""

    def __init__(self, request: bytes, took: list[float]) -> None:
        self._request = request
        self._took = took
        self._received = b""
        self._begun = 0.0
        self._transport: asyncio.Transport | None = None
        self.failed = 0
        self.stopping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not _whole(self._received):
            return
        self._took.append(perf_counter() - self._begun)
        self.failed += not self._received.startswith(b"HTTP/1.1 2")
        self._received = b""
        if not self.stopping:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += not self.stopping

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        assert self._transport is not None
        self._begun = perf_counter()
        self._transport.write(self._request)


def _whole(received: bytes) -> bool:
    """Whether this is all of an answer, with a length or in chunks."""
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return False
    length = re.search(rb"\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


def _own(call: Call, port: int, seconds: float) -> Load:
    length = {"Content-Length": str(len(call.body))} if call.body else {}
    lines = [
        f"{name}: {value}" for name, value in ({"Host": f"127.0.0.1:{port}"} | call.headers | length).items()
    ]
    request = "\r\n".join((f"{call.method} {call.path} HTTP/1.1", *lines, "", call.body)).encode()
    return asyncio.run(_together(request, port, seconds))


async def _together(request: bytes, port: int, seconds: float) -> Load:
    took: list[float] = []
    loop = asyncio.get_running_loop()
    begun = perf_counter()
    connections = [
        (await loop.create_connection(lambda: _Connection(request, took), "127.0.0.1", port))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    requests, lasted = len(took), perf_counter() - begun
    for each in connections:
        each.stopping = True
        each.close()
    latencies = sorted(took[:requests]) or [0.0]
    return Load(
        requests,
        lasted,
        latencies[len(latencies) // 2] * 1e3,
        latencies[int(len(latencies) * 0.99)] * 1e3,
        sum(each.failed for each in connections),
    )
