"""Responses to requests whose body is not needed; the connection is closed if the body is not read."""

import httpx
import pytest

from tests.live.server import Server
from tests.live.wire import CREATE, Wire, assert_error, create, request

EXPECT = "Expect: 100-continue"
JSON = "Content-Type: application/json"
COLLECTION = "/v1/conversations"


def rule(server: Server, token: str, **document: object) -> None:
    response = httpx.post(
        f"{server.address}/__admin/faults", json=document, headers={"Authorization": f"Bearer {token}"}
    )
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (f"POST {COLLECTION} HTTP/1.1\r\nHost: a\r\n{EXPECT}\r\n{JSON}\r\nContent-Length: 9\r\n\r\n", 401),
        (request("POST", "/v1/nowhere", "me", EXPECT, JSON, "Content-Length: 9"), 404),
        (request("PATCH", COLLECTION, "me", EXPECT, JSON, "Content-Length: 9"), 405),
        (create("me", EXPECT, body="", length=100_000_000), 413),
        (request("POST", COLLECTION, "me", EXPECT, "Content-Type: text/plain", "Content-Length: 9"), 415),
        (
            request(
                "POST", COLLECTION, "me", EXPECT, "Content-Type: text/plain", "Transfer-Encoding: chunked"
            ),
            415,
        ),
        (request("POST", f"{COLLECTION}?__code=503", "me", EXPECT, JSON, "Content-Length: 9"), 503),
        (create("me", EXPECT, "Prefer: code=503", body="", length=9), 503),
        (create("revoked_a", EXPECT, body="", length=9), 401),
        (create("readonly_a", EXPECT, body="", length=9), 403),
        (request("POST", "/__admin/reset", "me", EXPECT, "Content-Length: 9"), 415),
        (request("GET", "/__admin/nowhere", "me", EXPECT, "Content-Length: 9"), 404),
    ],
)
def test_a_refusal_known_from_the_head_is_sent_alone(server: Server, text: str, status: int) -> None:
    with Wire(server) as wire:
        wire.send(text)
        response = wire.read_response()
        assert_error(response, status)
        assert response.headers["Connection"] == "close"
        wire.send_eof()
        assert wire.is_closed()


@pytest.mark.parametrize(
    "fault", [{"type": "status", "status": 503}, {"type": "rate_limit", "limit": 0, "window_seconds": 60}]
)
def test_a_fault_that_needs_no_body_is_sent_alone(
    server: Server, token: str, fault: dict[str, object]
) -> None:
    rule(server, token, fault=fault)
    with Wire(server) as wire:
        wire.send(create(token, EXPECT, body="", length=len(CREATE)))
        assert_error(wire.read_response(), int(str(fault.get("status", 429))))
        wire.send_eof()
        assert wire.is_closed()


@pytest.mark.parametrize(
    "document",
    [
        {"delay": 5},
        {"match": {"body": {"contact_id": "WAz8eIbvDR60rouK"}}, "delay": 5},
        {"match": {"body": {"contact_id": "another"}}, "fault": {"type": "status", "status": 503}},
        {"phase": "after", "times": 1, "fault": {"type": "wrong_content_type"}},
    ],
)
def test_100_continue_is_sent_if_the_body_is_needed(
    server: Server, token: str, document: dict[str, object]
) -> None:
    rule(server, token, **document)
    with Wire(server) as wire:
        wire.send(create(token, EXPECT, body="", length=len(CREATE)))
        assert wire.read_response().status == 100
        wire.send(CREATE)
        assert wire.read_response().status == 201
        wire.send(request("GET", "/v1/nowhere", token))
        assert_error(wire.read_response(), 404)


def test_a_trigger_in_an_awaited_body_works(server: Server, token: str) -> None:
    body = '{"contact_id": "trigger_503"}'
    with Wire(server) as wire:
        wire.send(create(token, EXPECT, body="", length=len(body)))
        assert wire.read_response().status == 100
        wire.send(body)
        assert_error(wire.read_response(), 503)


def send_without_end(wire: Wire) -> None:
    for _ in range(10_000):
        wire.send(b"x" * 1_000_000)


@pytest.mark.parametrize("size", [2_000_000, 30_000_000])
def test_a_client_that_sends_a_large_body_receives_the_refusal(server: Server, token: str, size: int) -> None:
    with Wire(server) as wire:
        wire.send(create(token, body="", length=size))
        wire.send(b"x" * size)
        response = wire.read_response()
        assert_error(response, 413)
        assert response.headers["Connection"] == "close"
        wire.send_eof()
        assert wire.is_closed()


def test_a_client_that_sends_on_after_the_response_is_reset(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(create(token, body="", length=100_000_000_000))
        assert_error(wire.read_response(), 413)
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            send_without_end(wire)


@pytest.mark.parametrize(
    "authorization", [["Authorization: Bearer a"], ["authorization: Bearer a"], ["Authorization: Basic a"]]
)
def test_two_credentials_are_refused(server: Server, authorization: list[str]) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", COLLECTION, "me", *authorization))
        assert_error(wire.read_response(), 400)


def test_two_credentials_in_one_header_are_refused(server: Server) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", COLLECTION, "a, Bearer b"))
        assert_error(wire.read_response(), 400)


@pytest.mark.parametrize("method", ["get", "Post", "BREW", "TRACE", "PATCH"])
def test_a_method_that_a_path_does_not_have_is_not_allowed(server: Server, token: str, method: str) -> None:
    with Wire(server) as wire:
        wire.send(request(method, COLLECTION, token))
        response = wire.read_response()
        assert_error(response, 405)
        assert response.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_options_asterisk_is_answered(server: Server) -> None:
    with Wire(server) as wire:
        wire.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        assert wire.read_response().status == 204
