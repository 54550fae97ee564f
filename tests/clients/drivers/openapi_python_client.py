"""Uses the client that openapi-python-client generates; see tests/clients/lifecycle.py.

It is the one that sends all three types of a body, so it creates and updates a conversation with each of them as well.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from protocol_conversations_api_sandbox_client import AuthenticatedClient
from protocol_conversations_api_sandbox_client.api.conversations import (
    create_conversation,
    delete_conversation,
    list_conversations,
    retrieve_conversation,
    update_conversation,
)
from protocol_conversations_api_sandbox_client.models import (
    ApiError,
    Conversation,
    CreateConversation,
    CreateConversationForm,
    CreateConversationMultipart,
    UpdateConversation,
    UpdateConversationForm,
    UpdateConversationFormIsMuted,
    UpdateConversationMultipart,
    UpdateConversationMultipartIsMuted,
)
from protocol_conversations_api_sandbox_client.types import Response

address, token, failing_token = sys.argv[1:]
ATTEMPTS = 20


def ids(client: AuthenticatedClient) -> list[str]:
    page = list_conversations.sync(client=client, limit=50)
    found = [each.id for each in page.data]
    while page.has_more:
        page = list_conversations.sync(client=client, limit=50, starting_after=found[-1])
        found += [each.id for each in page.data]
    return found


def state(conversation: Conversation) -> dict[str, Any]:
    return {name: getattr(conversation, name) for name in ("id", "contact_id", "is_muted", "archived_at")}


def error_of(response: Response[Any]) -> dict[str, Any]:
    error = response.parsed
    assert isinstance(error, ApiError)
    return {"status": response.status_code, "type": error.type_, "message": error.message}


def errors_of(call: Callable[[], Response[Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(ATTEMPTS):
        response = call()
        if not isinstance(response.parsed, ApiError):
            break
        found.append(error_of(response))
    return found


with AuthenticatedClient(base_url=address, token=token) as client:
    created = create_conversation.sync(client=client, body=CreateConversation(contact_id="WAz8eIbvDR60rouK"))
    seen = {
        "created": {name: getattr(created, name) for name in ("id", "contact_id", "group_id", "is_muted")},
        "listed": ids(client),
        "retrieved": state(retrieve_conversation.sync(created.id, client=client)),
    }
    change = UpdateConversation(is_muted=True, archived_at=253402300799)
    update_conversation.sync(created.id, client=client, body=change)
    seen["updated"] = state(retrieve_conversation.sync(created.id, client=client))
    update_conversation.sync(created.id, client=client, body=UpdateConversation(archived_at=None))
    seen["cleared"] = state(retrieve_conversation.sync(created.id, client=client))
    delete_conversation.sync_detailed(created.id, client=client)
    seen["missing"] = error_of(retrieve_conversation.sync_detailed(created.id, client=client))
    seen["refused"] = error_of(create_conversation.sync_detailed(client=client, body=CreateConversation()))

    for body, change in (
        (
            CreateConversationForm(contact_id="form"),
            UpdateConversationForm(is_muted=UpdateConversationFormIsMuted.TRUE, archived_at=253402300799),
        ),
        (
            CreateConversationMultipart(contact_id="multipart"),
            UpdateConversationMultipart(
                is_muted=UpdateConversationMultipartIsMuted.TRUE, archived_at=253402300799
            ),
        ),
    ):
        created = create_conversation.sync(client=client, body=body)
        update_conversation.sync(created.id, client=client, body=change)
with AuthenticatedClient(base_url=address, token=failing_token) as client:
    known = "xgQQXg3hrtjh7AvZ"
    new, change = CreateConversation(contact_id="a"), UpdateConversation(is_muted=True)
    calls = {
        "createConversation": partial(create_conversation.sync_detailed, body=new),
        "listConversations": list_conversations.sync_detailed,
        "retrieveConversation": partial(retrieve_conversation.sync_detailed, known),
        "updateConversation": partial(update_conversation.sync_detailed, known, body=change),
        "deleteConversation": partial(delete_conversation.sync_detailed, known),
    }
    seen["errors"] = {operation: errors_of(partial(call, client=client)) for operation, call in calls.items()}
json.dump(seen, sys.stdout)
