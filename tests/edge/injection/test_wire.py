"""The wire of a call, which faults act on."""

from typing import Any

import pytest

from sandbox.edge.injection.wire import CallWire, capture_response
from sandbox.edge.responder import Responder
from sandbox.faults.effect import Effect
from sandbox.problems import invalid
from sandbox.web.response import Response
from sandbox.world.rules import RateWindow, Rule, RuleMatch
from tests.faults.harness import FakeSocket

RESPONSE = Response("200 OK", [("Content-Type", "text/plain"), ("content-length", "99")], b"0123456789")


class WireHarness:
    """A wire, and a server that records what is sent over it."""

    def __init__(self, match: RuleMatch | None = None) -> None:
        self._started: tuple[str, list[tuple[str, str]]] = "", []
        self.socket = FakeSocket()
        environ = {"REQUEST_METHOD": "GET", "gunicorn.socket": self.socket}
        self.responder = Responder(environ, self._start_response, "id-1")
        self.wire = CallWire(
            environ,
            self.responder,
            response=lambda: RESPONSE,
            hold=lambda _: None,
            draw_bytes=bytes,
            match=match,
        )

    def _start_response(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        self._started = status, headers

    @property
    def status(self) -> str:
        self.responder.start()
        return self._started[0]

    def all(self, name: str) -> list[str]:
        self.responder.start()
        return [value for known, value in self._started[1] if known.lower() == name]


def test_send_corrects_the_length_and_adds_the_common_headers() -> None:
    harness = WireHarness()
    assert b"".join(harness.wire.send(RESPONSE)) == b"0123456789"
    assert harness.status == "200 OK"
    assert harness.all("content-length") == ["10"]
    assert harness.all("content-type") == ["text/plain"]
    assert harness.all("x-request-id") == ["id-1"]
    assert harness.responder.status == 200


def test_send_problem_sends_an_error() -> None:
    harness = WireHarness()
    assert b"no good" in b"".join(harness.wire.send_problem(invalid("no good")))
    assert harness.status == "400 Bad Request"


@pytest.mark.parametrize(("length", "body"), [(0, b""), (4, b"0123"), (9, b"012345678"), (50, b"012345678")])
def test_truncate_announces_the_whole_body_and_sends_a_part(length: int, body: bytes) -> None:
    harness = WireHarness()
    pieces = iter(harness.wire.truncate(RESPONSE, length))
    assert harness.all("content-length") == ["10"]
    assert next(pieces) == body
    with pytest.raises(BrokenPipeError):
        next(pieces)


def test_send_raw_sends_unchanged_bytes_and_ends_the_call() -> None:
    harness = WireHarness()
    with pytest.raises(BrokenPipeError):
        harness.wire.send_raw(b"\0abc")
    assert harness.socket.sent == b"\0abc"
    assert harness.status == ""


def test_reset_ends_the_call() -> None:
    harness = WireHarness()
    with pytest.raises(ConnectionResetError):
        harness.wire.reset()
    assert harness.socket.sent == b""


def test_head_has_the_bytes_that_a_server_would_send() -> None:
    harness = WireHarness()
    harness.responder.add_headers([("X-More", "é")])
    head = harness.wire.head(Response("200 OK", [("Content-Type", "text/plain")], b""))
    assert head.decode("latin-1").split("\r\n") == [
        "HTTP/1.1 200 OK",
        "Content-Type: text/plain",
        "X-Request-Id: id-1",
        "X-More: é",
        "",
        "",
    ]
    assert harness.responder.status == 200


def test_capture_response_sends_nothing_and_closes_the_body() -> None:
    class Body:
        closed = False

        def __iter__(self) -> Any:
            return iter([b"a", b"b"])

        def close(self) -> None:
            self.closed = True

    body = Body()

    def app(_environ: Any, start_response: Any) -> Any:
        start_response("201 CREATED", [("A", "b")])
        return body

    assert capture_response(app, {}) == Response("201 CREATED", [("A", "b")], b"ab")
    assert body.closed


@pytest.mark.parametrize(("ends", "seconds"), [(10.0, 5), (5.1, 1), (5.0, 1), (9.01, 5)])
def test_seconds_left_are_whole_seconds_until_the_end_of_the_window(ends: float, seconds: int) -> None:
    rule = Rule(Effect(), {}, id="rule-1")
    match = RuleMatch(rule, 1, at=5.0, window=RateWindow(0.0, ends, 1))
    assert WireHarness(match).wire.seconds_left() == seconds


def test_seconds_left_is_one_without_a_window() -> None:
    assert WireHarness().wire.seconds_left() == 1
