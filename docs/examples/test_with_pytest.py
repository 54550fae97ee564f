"""Tests with pytest: each has a sandbox of its own, so no test resets anything."""

from urllib.error import HTTPError

import pytest
from client import Conversations

from protocol_sandbox import RunningServer, Sandbox


@pytest.fixture
def conversations(sandbox: Sandbox) -> Conversations:
    return Conversations(sandbox.token, f"{sandbox.url}/v1")


def test_create_is_tried_again(sandbox: Sandbox, conversations: Conversations) -> None:
    sandbox.fail("createConversation", status=503, times=2)
    assert conversations.create("WAz8eIbvDR60rouK")["contact_id"] == "WAz8eIbvDR60rouK"
    sandbox.received("createConversation", times=3, body={"contact_id": "WAz8eIbvDR60rouK"})


def test_attempts_are_limited(sandbox: Sandbox, conversations: Conversations) -> None:
    sandbox.fail("createConversation", status=502)
    with pytest.raises(HTTPError):
        conversations.create("WAz8eIbvDR60rouK")
    sandbox.received("createConversation", times=3)


@pytest.mark.sandbox(scenario="blank")
def test_conversation_is_listed(sandbox: Sandbox, conversations: Conversations) -> None:
    sandbox.conversations.put("first", contact_id="WAz8eIbvDR60rouK", is_muted=True)
    assert [each["id"] for each in conversations.list()] == ["first"]


def test_time_passes(sandbox: Sandbox, conversations: Conversations) -> None:
    sandbox.clock.freeze(at=692233200)
    assert conversations.create("a")["created_at"] == 692233200
    sandbox.clock.advance(60)
    assert conversations.create("b")["created_at"] == 692233260


def test_state_is_restored(sandbox: Sandbox, conversations: Conversations) -> None:
    saved = sandbox.snapshot()
    before = conversations.list()
    conversations.create("a")
    sandbox.restore(saved)
    assert conversations.list() == before


def test_app_keeps_its_own_token(sandbox: Sandbox) -> None:
    Conversations("the-app", f"{sandbox.prefixed_url}/v1").create("a")
    sandbox.received("createConversation", times=1)


def test_two_users_do_not_see_each_other(sandbox_server: RunningServer) -> None:
    one, other = (sandbox_server.world(scenario="blank") for _ in range(2))
    Conversations(one.token, f"{one.url}/v1").create("a")
    assert Conversations(other.token, f"{other.url}/v1").list() == []
