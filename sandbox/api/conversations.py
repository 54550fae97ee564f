"""The five operations. Each view says what it does with the world, and nothing else."""

from collections.abc import Mapping
from typing import Any

from sandbox import operations
from sandbox.api import responses
from sandbox.schemas.arguments import (
    ConversationPath,
    CreateConversation,
    ListConversations,
    UpdateConversation,
)
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.examples import CREATED, RETRIEVED
from sandbox.schemas.responses import ConversationPageSchema
from sandbox.web.endpoint import Endpoint
from sandbox.web.response import Response, no_content
from sandbox.world.fleet import Lease
from sandbox.world.paging import Query


def create(lease: Lease, body: Mapping[str, Any]) -> Response:
    """Add a new conversation between you and a contact or group."""
    return responses.created(lease.world.create(lease.generation, body["contact_id"], body["group_id"]))


def list_(lease: Lease, query: Query) -> Response:
    """Retrieve a paginated list of your conversations, newest first."""
    return responses.page(lease.world.page(query))


def retrieve(lease: Lease, conversation_id: str) -> Response:
    """Retrieve a conversation by its id."""
    return responses.conversation(lease.world.get(conversation_id))


def update(lease: Lease, conversation_id: str, body: Mapping[str, Any]) -> Response:
    """Change attributes of a conversation; those that are not given stay as they are."""
    return responses.conversation(lease.world.update(lease.generation, conversation_id, body))


def delete(lease: Lease, conversation_id: str) -> Response:
    """Delete a conversation permanently."""
    lease.world.delete(lease.generation, conversation_id)
    return no_content()


ENDPOINTS = (
    Endpoint(
        operations.CREATE,
        create,
        statuses=(201,),
        errors=(507,),
        body=CreateConversation(),
        body_description="The new conversation: contact_id, group_id or both, and not both null.",
        body_example={"contact_id": "WAz8eIbvDR60rouK"},
        response=ConversationSchema(),
        response_headers={"Location": "The path of the conversation."},
        example=CREATED,
    ),
    Endpoint(
        operations.LIST,
        list_,
        query=ListConversations(),
        response=ConversationPageSchema(),
        example={"has_more": False, "data": [RETRIEVED]},
    ),
    Endpoint(
        operations.RETRIEVE,
        retrieve,
        errors=(404,),
        path=ConversationPath(),
        response=ConversationSchema(),
        example=RETRIEVED,
    ),
    Endpoint(
        operations.UPDATE,
        update,
        errors=(404,),
        path=ConversationPath(),
        body=UpdateConversation(),
        body_description="The attributes to change.",
        body_example={"is_muted": True},
        response=ConversationSchema(),
        example=RETRIEVED,
    ),
    Endpoint(operations.DELETE, delete, statuses=(204,), errors=(404,), path=ConversationPath()),
)
"""The table of the API: it is what is routed and documented."""
