"""Content codings over a real connection."""

import gzip
import zlib

import httpx
import pytest

from tests.live.server import Server
from tests.live.wire import CREATE, Wire, assert_error, request

JSON = "Content-Type: application/json"


def head(token: str, *headers: str) -> bytes:
    return request("POST", "/v1/conversations", token, JSON, *headers).encode()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "deflate, gzip"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_encoded_body_is_decoded(server: Server, token: str, coding: str, is_chunked: bool) -> None:
    body = CREATE.encode()
    for each in coding.split(", "):
        body = gzip.compress(body) if each == "gzip" else zlib.compress(body)
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body
    with Wire(server) as wire:
        for _ in range(2):  # the connection stays usable
            wire.send(head(token, f"Content-Encoding: {coding}", framing) + sent)
            assert wire.read_response().json["contact_id"] == "WAz8eIbvDR60rouK"


def test_unsupported_coding_is_refused_before_the_body_is_sent(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(head(token, "Content-Encoding: br", "Content-Length: 100", "Expect: 100-continue"))
        response = wire.read_response()
        assert '"br"' in assert_error(response, 415)
        assert response.headers["Accept-Encoding"] == "gzip, deflate"


def test_bomb_is_refused_and_the_server_stays_responsive(server: Server, token: str) -> None:
    bomb = gzip.compress(bytes(100_000_000), 1)
    with Wire(server) as wire:
        wire.send(head(token, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb)
        assert "decoded body" in assert_error(wire.read_response(), 413)
    assert httpx.get(f"{server.address}/__admin/health").status_code == 200
