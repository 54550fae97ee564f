"""The five operations. Each view says what it does with the world, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox import operations
from sandbox.api import responses
from sandbox.schemas.arguments import (
    ConversationPath,
    CreateConversation,
    CreateHeaders,
    ListConversations,
    RequiredCreateHeaders,
    UpdateConversation,
)
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.examples import CREATED, RETRIEVED
from sandbox.schemas.responses import ConversationPageSchema
from sandbox.web.endpoint import Endpoint
from sandbox.web.response import Response, no_content
from sandbox.world.interface import Lease
from sandbox.world.paging import Query


def create(lease: Lease, body: Mapping[str, Any], headers: Mapping[str, Any]) -> Response:
    """Add a new conversation between you and a contact or group."""
    key = headers["idempotency_key"]
    if key is None:
        return responses.created(lease.world.create(lease.generation, body["contact_id"], body["group_id"]))
    record, is_replay = lease.world.create_once(lease.generation, key, body["contact_id"], body["group_id"])
    return responses.created(record, is_replay=is_replay)


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
        errors=(409, 422, 507),
        headers=CreateHeaders(),
        body=CreateConversation(),
        body_description="The new conversation: contact_id, group_id or both, and not both null.",
        body_example={"contact_id": "WAz8eIbvDR60rouK"},
        response=ConversationSchema(),
        response_headers={
            "Location": "The path of the conversation.",
            responses.REPLAYED: "It is true if the conversation was created by an earlier call with the same key.",
        },
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


def endpoints(*, requires_key: bool) -> tuple[Endpoint, ...]:
    """Return the table of a server, which may require an idempotency key of creates."""
    if not requires_key:
        return ENDPOINTS
    return tuple(
        replace(each, headers=RequiredCreateHeaders()) if each.operation is operations.CREATE else each
        for each in ENDPOINTS
    )
