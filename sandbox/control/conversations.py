"""Arrange: put a conversation into any state, including its read-only attributes, or delete it.

Neither is in the journal, and no fault affects it.
"""

from http import HTTPStatus
from typing import Any

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.operations import Operation
from sandbox.schemas.control import Arrangement, ArrangementPath
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.examples import CREATED
from sandbox.schemas.fields import Id, is_id
from sandbox.web.endpoint import Endpoint
from sandbox.web.response import Response, json_response
from sandbox.world.interface import Lease

PATH = "/__admin/conversations/{conversation_id}"


def arrange(_context: ControlContext, lease: Lease, conversation_id: str, body: dict[str, Any]) -> Response:
    """Create (201) or change (200) a conversation and any attribute of it; the others stay as they are."""
    if not is_id(conversation_id):
        raise problems.invalid(
            f"The id in the path must be {Id.expected}, not {problems.quoted(conversation_id)}."
        )
    record, is_new = lease.world.put(lease.generation, conversation_id, body)
    return json_response(record.json + b"\n", HTTPStatus.CREATED if is_new else HTTPStatus.OK)


def remove(_context: ControlContext, lease: Lease, conversation_id: str) -> None:
    """Delete a conversation, like the API, but without a call in the journal and beyond all faults."""
    lease.world.delete(lease.generation, conversation_id)


ENDPOINTS = (
    Endpoint(
        Operation("arrangeConversation", "PUT", PATH),
        arrange,
        statuses=(200, 201),
        errors=(507,),
        path=ArrangementPath(),
        body=Arrangement(partial=True),
        response=ConversationSchema(),
        example=CREATED,
    ),
    Endpoint(
        Operation("removeConversation", "DELETE", PATH),
        remove,
        statuses=(204,),
        errors=(404,),
        path=ArrangementPath(),
    ),
)
