"""Chunked bodies: sizes, extensions and trailers. Tests of all bodies are in ``test_body.py``."""

from io import BufferedReader

import pytest

from sandbox.http.chunked import ChunkedBody
from tests.http.conftest import ClientWith


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"0\r\n\r\n", b""),
        (b"0\r\nA: b\r\nC: d\r\n\r\n", b""),
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"0000a\r\n0123456789\r\n000\r\n\r\n", b"0123456789"),
        (b'2;a;b="c"\r\n\r\n\r\n0;x\r\n\r\n', b"\r\n"),
        (b"%x\r\n%b\r\n0\r\n\r\n" % (100_000, b"x" * 100_000), b"x" * 100_000),
    ],
)
def test_sizes_extensions_and_trailers(client_with: ClientWith, sent: bytes, body: bytes) -> None:
    client, _other = client_with(sent + b"next")
    assert BufferedReader(ChunkedBody(client, 100)).read() == body
    assert client.buffer == b"next"
