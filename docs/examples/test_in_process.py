"""Tests without a socket: the application is called in the process of the test."""

import httpx

from protocol_sandbox import InProcess
from sandbox import Settings, create_app

app = create_app(Settings(scenario="blank"))


def test_with_httpx() -> None:
    sandbox = InProcess(app).world()
    transport = httpx.WSGITransport(app=app)
    with httpx.Client(transport=transport, base_url=sandbox.url, headers=sandbox.headers) as client:
        assert client.post("/v1/conversations", data={"contact_id": "a"}).status_code == 201
    sandbox.received("createConversation", times=1)


def test_with_the_test_client_of_flask() -> None:
    sandbox = InProcess(app).world()
    sandbox.fail("listConversations", status=503, times=1)
    client = app.test_client()
    statuses = [client.get("/v1/conversations", headers=sandbox.headers).status_code for _ in range(2)]
    assert statuses == [503, 200]
