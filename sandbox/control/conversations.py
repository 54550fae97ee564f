"""Arrange: put a conversation into any state, including its read-only attributes."""

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
from sandbox.world.fleet import Lease


def arrange(_context: ControlContext, lease: Lease, conversation_id: str, body: dict[str, Any]) -> Response:
    """Create (201) or change (200) a conversation and any attribute of it; the others stay as they are."""
    if not is_id(conversation_id):
        raise problems.invalid(
            f"The id in the path must be {Id.expected}, not {problems.quoted(conversation_id)}."
        )
    record, is_new = lease.world.put(lease.generation, conversation_id, body)
    return json_response(record.json + b"\n", HTTPStatus.CREATED if is_new else HTTPStatus.OK)


ENDPOINTS = (
    Endpoint(
        Operation("arrangeConversation", "PUT", "/__admin/conversations/{conversation_id}"),
        arrange,
        statuses=(200, 201),
        errors=(507,),
        path=ArrangementPath(),
        body=Arrangement(partial=True),
        response=ConversationSchema(),
        example=CREATED,
    ),
)
