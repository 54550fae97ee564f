"""Well-formed requests with a few bytes changed: no traceback, no blocked connection, only valid HTTP responses."""

import logging
import socket
from random import Random

import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.app import create_app
from sandbox.settings import Settings
from tests.http.harness import PATIENCE_SECONDS, connection

EXAMPLES = 105
MUTATIONS = 100
"""Mutations of each example: more than 10,000 in total, which are others in each run."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW", "CONNECT")
TARGETS = (
    "/v1/conversations",
    "/v1/conversations?limit=2",
    "/v1/conversations/xgQQXg3hrtjh7AvZ",
    "/openapi.json",
    "/__admin/health",
    "*",
    "http://127.0.0.1/v1/conversations?limit=1",
)
HEADERS = (
    "Authorization: Bearer me",
    "Content-Type: application/json",
    "Connection: close",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Expect: 100-continue",
    "Origin: http://a.example",
    "Cookie: a=b",
    "X-Forwarded-Proto: https",
    "Prefer: code=503",
    "Prefer: fault=truncate",
    "Prefer: fault=EMPTY_RESPONSE",
    "X_Y: z",
)
BODY = '{"contact_id": "abc"}'
SPLICES = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b"_", b"\xff", b"\r\n\r\n", b"\r\n "),
    *(
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Host: b\r\n",
        b"0\r\n\r\n",
        b"-1",
        b"9" * 30,
    ),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return one to three well-formed requests on one connection."""
    return b"".join(draw(one_request()) for _ in range(draw(st.integers(1, 3))))


@st.composite
def one_request(draw: st.DrawFn) -> bytes:
    lines = [
        f"{draw(st.sampled_from(METHODS))} {draw(st.sampled_from(TARGETS))} HTTP/1.{draw(st.sampled_from('1110'))}",
        "Host: 127.0.0.1",
        *draw(st.lists(st.sampled_from(HEADERS), max_size=4, unique=True)),
    ]
    body = BODY.encode()
    framing = draw(st.sampled_from(("none", "length", "chunks")))
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunks":
        lines.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%b\r\n3;a=b\r\n   \r\n0\r\nX: y\r\n\r\n" % (len(body), body)
    else:
        body = b""
    return "\r\n".join([*lines, "", ""]).encode() + body


def mutated(sent: bytes, random: Random) -> bytes:
    """Return ``sent`` with one to four changes."""
    changed = bytearray(sent)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([random.randrange(256)])
            case 1:
                changed[at:at] = random.choice(SPLICES)
            case 2:
                del changed[at : at + random.randint(1, 8)]
            case 3:
                end = at + random.randint(1, 40)
                changed[at:at] = changed[at:end]
            case _:
                changed[at : at + 1] = random.choice(SPLICES)
    return bytes(changed)


@pytest.fixture(scope="module")
def app() -> object:
    return create_app(Settings())


class Defects(logging.Handler):
    """A handler that keeps the log records; there should be none."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(sent=requests(), seed=st.integers(0, 2**32))
def test_mutated_requests_get_valid_http_responses(app: object, sent: bytes, seed: int) -> None:
    defects = Defects()
    loggers = [logging.getLogger(name) for name in ("tests.http", "sandbox")]
    for each in loggers:
        each.addHandler(defects)
    random = Random(seed)
    try:
        for _ in range(MUTATIONS):
            text = mutated(sent, random)
            received = _served(app, text)
            assert _is_http(received), f"{text!r} got {received!r}"
            assert not defects.records, repr(text)
    finally:
        for each in loggers:
            each.removeHandler(defects)


def _served(app: object, text: bytes) -> bytes:
    served, client = connection(app)
    with client:
        client.sendall(text)
        client.shutdown(socket.SHUT_WR)
        with gevent.Timeout(PATIENCE_SECONDS):
            served.serve()
        received = b""
        while piece := client.recv(1_000_000):
            received += piece
    return received


def _is_http(received: bytes) -> bool:
    """Return True if these are complete responses; faults may truncate the last body."""
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        if not (end and line.startswith(b"HTTP/1.1 ") and line[9:12].isdigit()):
            return False
        fields = {name.lower(): value for name, _, value in (each.partition(b": ") for each in lines)}
        length = int(fields.get(b"content-length", b"0"))
        # A response to HEAD has no body, which cannot be seen in the response itself.
        received = rest if rest.startswith(b"HTTP/1.1 ") else rest[length:]
    return True
