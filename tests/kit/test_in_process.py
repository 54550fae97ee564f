"""The application without a socket: by Flask's test client, by httpx, and by the kit."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from flask import Flask

from protocol_sandbox import ControlError, InProcess, Sandbox, Server
from sandbox import Settings, create_app
from sandbox.faults.table import FAULTS

Send = Callable[..., httpx.Response]
NEED_A_SOCKET = [
    "EMPTY_RESPONSE",
    "MALFORMED_RESPONSE_CHUNK",
    "RANDOM_DATA_THEN_CLOSE",
    "CONNECTION_RESET_BY_PEER",
]
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/v1/conversations?limit=1", {}),
    ("POST", "/v1/conversations", {"data": {"contact_id": "a"}}),
    ("POST", "/v1/conversations", {"json": {"contact": "a"}}),
    ("PUT", "/v1/conversations/xgQQXg3hrtjh7AvZ", {"json": {"is_muted": True}}),
    ("DELETE", "/v1/conversations/xgQQXg3hrtjh7AvZ", {}),
    ("GET", "/v1/conversations/xgQQXg3hrtjh7AvZ", {}),
    ("GET", "/v1/nothing", {}),
    ("PATCH", "/v1/conversations/xgQQXg3hrtjh7AvZ", {}),
    ("GET", "/v1/conversations", {"headers": {"Prefer": "code=503"}}),
    ("GET", "/v1/conversations", {"headers": {"Prefer": "fault=malformed_json"}}),
    ("GET", "/v1/conversations", {"headers": {"Prefer": "fault=wrong_content_type"}}),
    ("GET", "/openapi.json", {}),
]
VARYING = {"date", "server", "connection", "x-request-id"}


@pytest.fixture
def app() -> Flask:
    """Return an application of this test's own."""
    return create_app(Settings(scenario="documented"))


@pytest.fixture
def in_process(app: Flask) -> Sandbox:
    """Return a sandbox of the application."""
    return InProcess(app).world()


@pytest.fixture
def send(app: Flask, in_process: Sandbox) -> Send:
    """Return a client whose requests the application answers in this process."""
    transport = httpx.WSGITransport(app=app)
    client = httpx.Client(transport=transport, base_url=in_process.url, headers=dict(in_process.headers))
    return client.request


def normalized(response: httpx.Response) -> tuple[int, dict[str, str], str]:
    """Return a response without what depends on time and transport."""
    headers = {name: value for name, value in response.headers.items() if name not in VARYING}
    return response.status_code, headers, re.sub(r'"created_at":\d+', "", response.text)


def test_responses_are_those_of_the_server(send: Send, kit_server: Server) -> None:
    world = kit_server.world()
    with httpx.Client(base_url=world.url, headers=dict(world.headers)) as client:
        for method, path, arguments in CALLS:
            assert normalized(send(method, path, **arguments)) == normalized(
                client.request(method, path, **arguments)
            )


def test_test_client_of_flask_gets_the_same(app: Flask, send: Send, in_process: Sandbox) -> None:
    path = "/v1/conversations"
    found = app.test_client().get(path, headers=dict(in_process.headers))
    assert found.get_json() == send("GET", path).json()


def test_kit_arranges_and_asserts(send: Send, in_process: Sandbox) -> None:
    in_process.reset(scenario="blank")
    in_process.conversations.put("mine", contact_id="a")
    rule = in_process.fail("createConversation", times=1)
    in_process.clock.freeze(5)
    assert send("POST", "/v1/conversations", data={"contact_id": "é"}).status_code == 503
    assert send("POST", "/v1/conversations", data={"contact_id": "b"}).json()["created_at"] == 5
    in_process.received("createConversation", times=2)
    in_process.received("createConversation", body={"contact_id": "é"})
    assert rule.fired == 1
    rule.remove()
    saved = in_process.snapshot()
    in_process.restore(saved)
    assert len(in_process.state()["conversations"]) == 2
    with pytest.raises(ControlError, match="é"):
        in_process.conversations.put("é")


def test_admin_token_is_sent() -> None:
    app = create_app(Settings(scenario="blank", admin_token="secret"))
    assert InProcess(app, "secret").world().state()["conversations"] == []
    with pytest.raises(ControlError, match="admin token"):
        InProcess(app).world().state()


def test_strict_server_serves_the_worlds_of_the_kit_and_refuses_forgotten_ones() -> None:
    app = create_app(Settings(scenario="documented", strict_worlds=True))
    world = InProcess(app).world(scenario="blank", seed=7)
    client = httpx.Client(transport=httpx.WSGITransport(app=app), headers={"Authorization": "Bearer the-app"})
    assert client.get(f"{world.prefixed_url}/v1/conversations").json()["data"] == []
    assert client.get(f"{world.url}/v1/conversations", headers=dict(world.headers)).status_code == 200
    assert world.state()["seed"] == 7
    world.received("listConversations", times=2)
    world.reset()
    refused = client.get(f"{world.url}/v1/conversations")
    assert refused.status_code == 400
    assert "name one by the path prefix /t/{world}" in refused.json()["message"]
    with pytest.raises(AssertionError, match=r"received 1 call .* for a world that was not declared"):
        world.received("listConversations")


@pytest.mark.parametrize("fault", NEED_A_SOCKET)
def test_faults_that_need_a_socket_say_so(fault: str, send: Send, in_process: Sandbox) -> None:
    in_process.fault({"fault": {"type": fault}})
    refused = send("GET", "/v1/conversations")
    assert refused.status_code == 500
    assert "needs the connection's socket" in refused.json()["message"]
    assert in_process.requests()[0].fault == fault


def test_truncated_body_ends_with_the_exception_of_a_closed_connection(
    send: Send, in_process: Sandbox
) -> None:
    in_process.fault({"fault": {"type": "truncate", "bytes": 5}})
    with pytest.raises(BrokenPipeError, match="asked to end the connection"):
        send("GET", "/v1/conversations")


def test_all_other_faults_work_without_a_socket(send: Send, in_process: Sandbox) -> None:
    documents: dict[str, dict[str, Any]] = {
        "status": {"status": 418},
        "rate_limit": {"limit": 0, "window_seconds": 1},
        "malformed_json": {},
        "wrong_content_type": {},
        "hang": {"milliseconds": 1},
    }
    assert {*documents, *NEED_A_SOCKET, "truncate"} == set(FAULTS)
    for fault, attributes in documents.items():
        rule = in_process.fault({"times": 1, "fault": {"type": fault, **attributes}})
        try:
            response = send("GET", "/v1/conversations")
        except OSError:
            assert fault == "hang"
        else:
            assert response.headers["X-Sandbox-Fault"] == fault
        rule.remove()
    in_process.fault({"fault": {"type": "malformed_json"}})
    broken = send("GET", "/v1/conversations")
    with pytest.raises(json.JSONDecodeError):
        broken.json()
