"""HTTP/1.1 connections: keep-alive, chunked bodies, pipelining and ``Expect: 100-continue``."""

import httpx
import pytest

from tests.live.server import Server
from tests.live.wire import CREATE, Wire, assert_error, create, request

MAX_BODY_BYTES = 1_048_576


def test_one_connection_carries_many_requests(server: Server, token: str) -> None:
    with Wire(server) as wire:
        made = []
        for _ in range(200):
            wire.send(create(token))
            answer = wire.read_response()
            assert answer.status == 201
            made.append(answer.json["id"])
            wire.send(request("GET", f"/v1/conversations/{made[-1]}", token))
            assert wire.read_response().json["id"] == made[-1]
    assert len(set(made)) == 200


def test_chunked_body_is_read_completely(server: Server, token: str) -> None:
    pieces = [CREATE[:5], CREATE[5:6], CREATE[6:]]
    chunks = "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces) + "0\r\n\r\n"
    with Wire(server) as wire:
        for _ in range(2):
            wire.send(create(token, "Transfer-Encoding: chunked", body=chunks, length=-1))
            answer = wire.read_response()
            assert answer.status == 201
            assert answer.json["contact_id"] == "WAz8eIbvDR60rouK"


def test_streamed_body_is_accepted(server: Server, token: str) -> None:
    answer = httpx.post(
        f"{server.address}/v1/conversations",
        content=iter([b"contact_", b"id=abc"]),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 201
    assert answer.json()["contact_id"] == "abc"


def test_expect_100_continue_is_answered_before_the_body(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(create(token, "Expect: 100-continue", length=len(CREATE), body=""))
        assert wire.read_response().status == 100
        wire.send(CREATE)
        assert wire.read_response().status == 201


@pytest.mark.parametrize(
    "path", ["/v1/conversations?limit=2", "/v1/conversations/xgQQXg3hrtjh7AvZ", "/v1/nowhere"]
)
def test_head_has_the_headers_of_get_and_no_body(server: Server, token: str, path: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", path, token))
        full = wire.read_response()
        wire.send(request("HEAD", path, token))
        empty = wire.read_response(method="HEAD")
        assert empty.status == full.status
        assert empty.headers["Content-Type"] == "application/json"
        if full.status == 200:
            assert empty.headers["Content-Length"] == str(len(full.body))
        wire.send(request("GET", path, token))  # a body sent after HEAD would be read as this response
        assert wire.read_response().body == full.body


def test_delete_has_no_body_and_keeps_the_connection(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(request("DELETE", "/v1/conversations/xgQQXg3hrtjh7AvZ", token))
        answer = wire.read_response()
        assert answer.status == 204
        assert "Content-Type" not in answer.headers
        wire.send(request("GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", token))
        assert_error(wire.read_response(), 404)


def test_pipelined_requests_are_answered_in_their_order(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(
            create(token)
            + request("GET", "/v1/conversations?limit=1", token)
            + request("GET", "/v1/nowhere", token)
            + request("GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", token)
        )
        created, first_page, nowhere, retrieved = [wire.read_response() for _ in range(4)]
    assert created.status == 201
    assert first_page.json["data"][0]["id"] == created.json["id"]
    assert_error(nowhere, 404)
    assert retrieved.json["id"] == "xgQQXg3hrtjh7AvZ"


@pytest.mark.parametrize("authorization", ["", "Authorization: Bearer refused"])
def test_body_of_a_refused_request_is_skipped(server: Server, token: str, authorization: str) -> None:
    refused = "\r\n".join(
        [
            "POST /v1/nowhere HTTP/1.1",
            "Host: 127.0.0.1",
            *([authorization] if authorization else []),
            f"Content-Length: {len(CREATE)}",
            "",
            CREATE,
        ]
    )
    with Wire(server) as wire:
        wire.send(refused + create(token))
        assert_error(wire.read_response(), 404)
        assert wire.read_response().status == 201


def test_large_body_is_refused(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(create(token, body="x" * (MAX_BODY_BYTES + 1)))
        answer = wire.read_response()
        message = assert_error(answer, 413)
        assert str(MAX_BODY_BYTES) in message
        if answer.headers.get("Connection", "").lower() == "close":
            assert wire.is_closed()
        else:
            wire.send(create(token))
            assert wire.read_response().status == 201


def test_large_chunked_body_is_refused(server: Server, token: str) -> None:
    piece = "x" * 65_536
    chunks = f"{len(piece):x}\r\n{piece}\r\n" * 20 + "0\r\n\r\n"
    with Wire(server) as wire:
        wire.send(create(token, "Transfer-Encoding: chunked", body=chunks, length=-1))
        answer = wire.read_response()
        assert_error(answer, 413)
        if answer.headers.get("Connection", "").lower() == "close":
            assert wire.is_closed()
        else:
            wire.send(create(token))
            assert wire.read_response().status == 201


def test_connection_close_is_respected(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", "/v1/conversations?limit=1", token, "Connection: close"))
        assert wire.read_response().status == 200
        assert wire.is_closed()


def test_http_1_0_response_closes_the_connection(server: Server, token: str) -> None:
    with Wire(server) as wire:
        wire.send(f"GET /v1/conversations?limit=1 HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n")
        answer = wire.read_response()
        assert answer.status == 200
        assert len(answer.json["data"]) == 1
        assert wire.is_closed()


def test_head_and_body_arrive_together(server: Server, token: str) -> None:
    with Wire(server) as wire:
        for _ in range(20):
            wire.send(request("GET", "/v1/conversations?limit=10", token))
            head, _, body = wire.read_packet().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert f"Content-Length: {len(body)}\r\n".encode() in head


@pytest.mark.parametrize("header", ["SCRIPT_NAME: /v1", "SCRIPT_NAME: /x", "PATH_INFO: /__admin/health"])
def test_no_header_changes_the_path(server: Server, token: str, header: str) -> None:
    with Wire(server) as wire:
        wire.send(request("GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", token, header))
        answer = wire.read_response()
        assert (answer.status, answer.json["id"]) == (200, "xgQQXg3hrtjh7AvZ")
