"""The five operations. Each view says what it does with the sandbox, and nothing else."""

from collections.abc import Mapping
from typing import Any

from sandbox import operations
from sandbox.api import answers
from sandbox.api.answers import Answer
from sandbox.api.endpoint import Endpoint
from sandbox.schemas.arguments import (
    CreateConversation,
    ListConversations,
    UpdateConversation,
)
from sandbox.world.paging import Query
from sandbox.world.sandbox import Sandbox


def create(sandbox: Sandbox, body: Mapping[str, Any]) -> Answer:
    """Add a new conversation between you and a contact or group."""
    return answers.created(sandbox.create(body["contact_id"], body["group_id"]))


def list_(sandbox: Sandbox, query: Query) -> Answer:
    """Retrieve a paginated list of your conversations, newest first."""
    return answers.page(sandbox.page(query))


def retrieve(sandbox: Sandbox, conversation_id: str) -> Answer:
    """Retrieve a conversation by its id."""
    return answers.conversation(sandbox.get(conversation_id))


def update(sandbox: Sandbox, conversation_id: str, body: Mapping[str, Any]) -> Answer:
    """Change attributes of a conversation; those that are not given stay as they are."""
    return answers.conversation(sandbox.update(conversation_id, body))


def delete(sandbox: Sandbox, conversation_id: str) -> Answer:
    """Delete a conversation for good."""
    sandbox.delete(conversation_id)
    return answers.nothing()


ENDPOINTS = (
    Endpoint(
        operations.CREATE,
        create,
        success=201,
        refusals=(400, 401, 413, 415, 503, 507),
        body=CreateConversation(),
    ),
    Endpoint(
        operations.LIST, list_, success=200, refusals=(400, 401, 413, 415, 503), query=ListConversations()
    ),
    Endpoint(operations.RETRIEVE, retrieve, success=200, refusals=(400, 401, 404, 413, 415, 503)),
    Endpoint(
        operations.UPDATE,
        update,
        success=200,
        refusals=(400, 401, 404, 413, 415, 503),
        body=UpdateConversation(),
    ),
    Endpoint(operations.DELETE, delete, success=204, refusals=(400, 401, 404, 413, 415, 503)),
)
"""The visible table: what is routed and documented stands here, and nothing else is."""
