"""Uses the client that openapi-generator generates for Python; see tests/clients/lifecycle.py."""

import json
import sys
from collections.abc import Callable
from typing import Any

from openapi_client import (
    ApiClient,
    ApiException,
    Configuration,
    Conversation,
    ConversationsApi,
    CreateConversation,
    UpdateConversation,
)

address, token, failing_token = sys.argv[1:]
ATTEMPTS = 20


def ids(api: ConversationsApi) -> list[str]:
    page = api.list_conversations(limit=50)
    found = [each.id for each in page.data]
    while page.has_more:
        page = api.list_conversations(limit=50, starting_after=found[-1])
        found += [each.id for each in page.data]
    return found


def state(conversation: Conversation) -> dict[str, Any]:
    return {name: getattr(conversation, name) for name in ("id", "contact_id", "is_muted", "archived_at")}


def error_of(call: Callable[[], object]) -> dict[str, Any]:
    try:
        call()
    except ApiException as error:
        return {"status": error.status, "type": error.data.type, "message": error.data.message}
    raise AssertionError(call)


def errors_of(call: Callable[[], object]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(ATTEMPTS):
        try:
            call()
        except ApiException as error:
            found.append({"status": error.status, "type": error.data.type, "message": error.data.message})
        else:
            break
    return found


with ApiClient(Configuration(host=address, access_token=token)) as client:
    api = ConversationsApi(client)
    created = api.create_conversation(CreateConversation(contact_id="WAz8eIbvDR60rouK"))
    seen = {
        "created": {name: getattr(created, name) for name in ("id", "contact_id", "group_id", "is_muted")},
        "listed": ids(api),
        "retrieved": state(api.retrieve_conversation(created.id)),
    }
    api.update_conversation(created.id, UpdateConversation(is_muted=True, archived_at=253402300799))
    seen["updated"] = state(api.retrieve_conversation(created.id))
    api.update_conversation(created.id, UpdateConversation(archived_at=None))
    seen["cleared"] = state(api.retrieve_conversation(created.id))
    api.delete_conversation(created.id)
    seen["missing"] = error_of(lambda: api.retrieve_conversation(created.id))
    seen["refused"] = error_of(lambda: api.create_conversation(CreateConversation()))
with ApiClient(Configuration(host=address, access_token=failing_token)) as client:
    api = ConversationsApi(client)
    known = "xgQQXg3hrtjh7AvZ"
    seen["errors"] = {
        "createConversation": errors_of(lambda: api.create_conversation(CreateConversation(contact_id="a"))),
        "listConversations": errors_of(api.list_conversations),
        "retrieveConversation": errors_of(lambda: api.retrieve_conversation(known)),
        "updateConversation": errors_of(lambda: api.update_conversation(known, UpdateConversation())),
        "deleteConversation": errors_of(lambda: api.delete_conversation(known)),
    }
json.dump(seen, sys.stdout)
