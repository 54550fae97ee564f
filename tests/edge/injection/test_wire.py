"""What faults act on."""

from typing import Any

import pytest

from sandbox.edge.answer import Answer
from sandbox.edge.injection.wire import CallWire, capture_response, made_of
from sandbox.faults.fault import Made
from sandbox.faults.kinds.status import Status
from sandbox.problems import invalid
from tests.faults.harness import FakeSocket

MADE = Made("200 OK", [("Content-Type", "text/plain"), ("content-length", "99")], b"0123456789")


class Sent:
    """A wire, and what a server would be told over it."""

    def __init__(self, *, sends_body: bool = True) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.socket = FakeSocket()
        self.answer = Answer(self._start_response, "id-1", sends_body=sends_body)
        self.wire = CallWire(
            {"gunicorn.socket": self.socket},
            self.answer,
            make=lambda: MADE,
            hold=lambda _: None,
            draw_bytes=bytes,
            wait_seconds=lambda: 5,
        )

    def _start_response(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        self.status, self.headers = status, headers

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name]


def test_send_puts_the_length_right_and_adds_what_every_answer_carries() -> None:
    sent = Sent()
    assert b"".join(sent.wire.send(MADE)) == b"0123456789"
    assert sent.status == "200 OK"
    assert sent.all("content-length") == ["10"]
    assert sent.all("content-type") == ["text/plain"]
    assert sent.all("x-request-id") == ["id-1"]
    assert sent.answer.status == 200


def test_refuse_sends_an_error() -> None:
    sent = Sent()
    assert b"no good" in b"".join(sent.wire.refuse(invalid("no good")))
    assert sent.status == "400 Bad Request"


@pytest.mark.parametrize(("length", "body"), [(0, b""), (4, b"0123"), (9, b"012345678"), (50, b"012345678")])
def test_cut_announces_all_and_sends_a_part(length: int, body: bytes) -> None:
    sent = Sent()
    pieces = iter(sent.wire.cut(MADE, length))
    assert sent.all("content-length") == ["10"]
    assert next(pieces) == body
    with pytest.raises(BrokenPipeError):
        next(pieces)


def test_raw_sends_bytes_as_they_are_and_ends() -> None:
    sent = Sent()
    with pytest.raises(BrokenPipeError):
        sent.wire.raw(b"\0abc")
    assert sent.socket.sent == b"\0abc"
    assert sent.status == ""


def test_reset_ends() -> None:
    sent = Sent()
    with pytest.raises(ConnectionResetError):
        sent.wire.reset()
    assert sent.socket.sent == b""


def test_a_head_is_what_a_server_would_have_sent() -> None:
    sent = Sent()
    sent.answer.add([("X-More", "é")])
    head = sent.wire.head(MADE._replace(headers=[("Content-Type", "text/plain")]))
    assert head.decode("latin-1").split("\r\n") == [
        "HTTP/1.1 200 OK",
        "Content-Type: text/plain",
        "X-Request-Id: id-1",
        "X-More: é",
        "",
        "",
    ]
    assert sent.answer.status == 200


def test_an_answer_is_made_unsent_and_its_body_is_closed() -> None:
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

    assert capture_response(app, {}) == Made("201 CREATED", [("A", "b")], b"ab")
    assert body.closed


def test_an_error_is_made_unsent() -> None:
    made = made_of(Status(401, "no"))
    assert made.status == "401 Unauthorized"
    assert ("WWW-Authenticate", "Bearer") in made.headers
    assert b'"message": "no"' in made.body
