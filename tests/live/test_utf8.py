"""Text on the wire: UTF-8 in paths, queries and headers, in both directions."""

from urllib.parse import quote

import httpx
import pytest

from tests.live.server import Server
from tests.live.wire import Response, Wire, assert_error, request

TEXTS = ["café", "cafe\u0301", "日本語", "😀", "à"]


def send(server: Server, token: str, target: bytes, *headers: bytes) -> Response:
    """Send a GET request and return its response."""
    lines = [b"Authorization: Bearer " + token.encode(), *headers]
    with Wire(server) as wire:
        wire.send(b"\r\n".join([b"GET %b HTTP/1.1" % target, b"Host: 127.0.0.1", *lines, b"", b""]))
        return wire.read_response()


def entry(server: Server, token: str) -> dict[str, object]:
    """Return the newest entry of the journal."""
    headers = {"Authorization": f"Bearer {token}"}
    found: dict[str, object] = httpx.get(f"{server.address}/__admin/requests", headers=headers).json()[
        "data"
    ][0]
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_path_query_and_headers_are_utf8(server: Server, token: str, text: str) -> None:
    path = f"/v1/{quote(text)}".encode()
    sent = text.encode()
    response = send(server, token, path + b"?q=" + sent, b"X-One: " + sent, b"Prefer: x=" + sent)
    assert f"GET /v1/{text};" in assert_error(response, 404)
    seen = entry(server, token)
    assert (seen["path"], seen["query"]) == (f"/v1/{text}", f"q={text}")
    headers = seen["headers"]
    assert isinstance(headers, dict)
    assert (headers["X-One"], headers["Prefer"]) == (text, f"x={text}")


@pytest.mark.parametrize("text", TEXTS)
def test_name_of_a_rule_is_utf8_in_the_response(server: Server, token: str, text: str) -> None:
    rule = {
        "name": text,
        "match": {"path": f"/v1/{text}", "query": {"q": text}},
        "fault": {"type": "status", "status": 418},
    }
    me = {"Authorization": f"Bearer {token}"}
    httpx.post(f"{server.address}/__admin/faults", json=rule, headers=me).raise_for_status()
    response = send(server, token, f"/v1/{quote(text)}?q=".encode() + text.encode())
    assert response.status == 418
    assert response.headers["X-Sandbox-Rule"].encode("latin-1").decode() == text
    # httpx decodes header values as UTF-8 where they are.
    found = httpx.get(f"{server.address}/v1/{text}", params={"q": text}, headers=me)
    assert found.headers["X-Sandbox-Rule"] == text


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/v1/caf%E9", r"/v1/caf\xe9", ""),
        (b"/v1/conversations/%FF", r"/v1/conversations/\xff", ""),
        (b"/v1/conversations/%C0%AF", r"/v1/conversations/\xc0\xaf", ""),
        (b"/v1/conversations?group_id=\xff", "/v1/conversations", r"group_id=\xff"),
        (b"/v1/conversations?group_id=%FF", "/v1/conversations", "group_id=%FF"),
        (b"/v1/conversations?%ED%A0%80=a", "/v1/conversations", "%ED%A0%80=a"),
    ],
)
def test_other_bytes_are_refused_and_escaped_in_the_journal(
    server: Server, token: str, target: bytes, path: str, query: str
) -> None:
    assert "UTF-8" in assert_error(send(server, token, target, b"X-One: a\xffb"), 400)
    seen = entry(server, token)
    assert (seen["path"], seen["query"], seen["status"]) == (path, query, 400)
    assert isinstance(seen["headers"], dict)
    assert seen["headers"]["X-One"] == r"a\xffb"


def test_path_must_be_percent_encoded(server: Server, token: str) -> None:
    message = assert_error(send(server, token, "/v1/café".encode()), 400)
    assert "percent-encoded" in message


def test_body_of_other_bytes_is_escaped_in_the_journal(server: Server, token: str) -> None:
    text = request("POST", "/v1/conversations", token, "Content-Type: application/json", "Content-Length: 4")
    with Wire(server) as wire:
        wire.send(text.encode() + b'"\xff\xc3\xa9'[:4])
        assert "UTF-8" in assert_error(wire.read_response(), 400)
    assert entry(server, token)["body"] == '"\\xff\u00e9'
