"""Request bodies: read on demand, and never beyond their end."""

from io import BufferedReader
from typing import Any

import gevent
import pytest

from sandbox.http.body import CONTINUE, LengthBody, RequestBody
from sandbox.http.chunked import MAX_LINE_BYTES, ChunkedBody
from sandbox.http.client import Client, Phase
from tests.http.conftest import ClientWith
from tests.http.harness import PATIENCE_SECONDS

CHUNKS = b"3;a=b\r\nabc\r\n5\r\ndefgh\r\n0\r\nX-Trailer: y\r\n\r\n"


def length(client: Client, **more: Any) -> RequestBody:
    return LengthBody(client, 8, **more)


def chunked(client: Client, **more: Any) -> RequestBody:
    return ChunkedBody(client, 100, **more)


BOTH = pytest.mark.parametrize(("make", "sent"), [(length, b"abcdefgh"), (chunked, CHUNKS)])


@BOTH
def test_a_body_is_read_up_to_its_end(client_with: ClientWith, make: Any, sent: bytes) -> None:
    client, _other = client_with(sent + b"next")
    body = make(client)
    assert not body.is_at_end
    assert BufferedReader(body).read() == b"abcdefgh"
    assert body.is_at_end
    assert client.buffer == b"next"
    assert client.phase is Phase.CALL


@BOTH
def test_a_body_can_be_read_in_parts_and_by_lines(client_with: ClientWith, make: Any, sent: bytes) -> None:
    client, _other = client_with(sent)
    reader = BufferedReader(make(client))
    assert [reader.read(2), reader.readline(), reader.read(5)] == [b"ab", b"cdefgh", b""]


@BOTH
def test_a_body_may_arrive_byte_by_byte(client_with: ClientWith, make: Any, sent: bytes) -> None:
    client, other = client_with(b"")

    def send() -> None:
        for at in range(len(sent)):
            other.send(sent[at : at + 1])
            gevent.sleep(0)

    gevent.spawn(send)
    with gevent.Timeout(PATIENCE_SECONDS):
        assert BufferedReader(make(client)).read() == b"abcdefgh"


@BOTH
def test_100_continue_is_sent_at_the_first_read(client_with: ClientWith, make: Any, sent: bytes) -> None:
    client, other = client_with(b"")
    body = make(client, expects_continue=True)
    other.settimeout(0)
    with pytest.raises(BlockingIOError):
        other.recv(100)
    gevent.spawn(other.sendall, sent)
    with gevent.Timeout(PATIENCE_SECONDS):
        assert BufferedReader(body).read() == b"abcdefgh"
    assert other.recv(100) == CONTINUE


def test_an_incomplete_body_with_a_length_is_short(client_with: ClientWith) -> None:
    client, _other = client_with(b"abc", ended=True)
    body = length(client)
    assert BufferedReader(body).read() == b"abc"
    assert not body.is_at_end


@pytest.mark.parametrize("at", range(1, len(CHUNKS)))
def test_incomplete_chunks_are_invalid(client_with: ClientWith, at: int) -> None:
    client, _other = client_with(CHUNKS[:at], ended=True)
    with pytest.raises(OSError, match="invalid"):
        BufferedReader(chunked(client)).read()


@BOTH
def test_a_buffered_body_can_be_skipped(client_with: ClientWith, make: Any, sent: bytes) -> None:
    client, _other = client_with(b"")
    client.buffer = sent + b"next"
    assert make(client).skip_buffered()
    assert client.buffer == b"next"
    client.buffer = sent[:-3]
    assert not make(client).skip_buffered()


def test_invalid_chunks_cannot_be_skipped(client_with: ClientWith) -> None:
    client, _other = client_with(b"")
    client.buffer = b"g\r\n"
    assert not chunked(client).skip_buffered()


def test_lines_and_trailers_are_limited(client_with: ClientWith) -> None:
    for sent in (b"1;" + b"a" * MAX_LINE_BYTES, b"0\r\n" + b"X: " + b"a" * 100 + b"\r\n\r\n"):
        client, _other = client_with(sent)
        with pytest.raises(OSError, match="too long"):
            BufferedReader(chunked(client)).read()


def test_other_greenlets_run_during_many_chunks(client_with: ClientWith) -> None:
    turns: list[int] = []
    client, _other = client_with(b"1\r\nx\r\n" * 5_000 + b"0\r\n\r\n")

    def count() -> None:
        while True:
            turns.append(1)
            gevent.sleep(0)

    other = gevent.spawn(count)
    assert len(BufferedReader(chunked(client)).read() or b"") == 5_000
    other.kill()
    assert len(turns) > 10
