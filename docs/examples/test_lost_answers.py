"""A retry after a lost answer creates once, because the client sends an idempotency key."""

import pytest
from client import Conversations

from protocol_sandbox import Sandbox


@pytest.mark.sandbox(scenario="blank")
@pytest.mark.parametrize("lost", ["EMPTY_RESPONSE", "CONNECTION_RESET_BY_PEER"])
def test_create_whose_answer_is_lost_is_made_once(sandbox: Sandbox, lost: str) -> None:
    sandbox.fault(
        {
            "match": {"operation": "createConversation"},
            "fault": {"type": lost},
            "phase": "after",
            "times": 1,
        }
    )
    conversations = Conversations(sandbox.token, f"{sandbox.url}/v1")
    created = conversations.create("WAz8eIbvDR60rouK")
    assert conversations.list() == [created]
    first, second = sandbox.received("createConversation", times=2)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
